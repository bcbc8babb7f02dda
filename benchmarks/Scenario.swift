/// One piece of work, done by several contenders in turn, and what the comparison is to show.
struct Scenario: Sendable {
    let name: String
    /// What is counted: "events".
    let unit: String
    let contenders: [Contender]
    let goals: [Goal]
    /// Rounds that are enough, where a round takes minutes.
    var rounds = Int.max
    /// Takes so long that it is run only when asked for.
    var isLong = false

    static let all: [Scenario] = [
        .batches, .companies, .keys, .inProcess, .singleEvents, .checkLatency, .checksBesideIngest, .checkInProcess,
        .manyFlagsLatency, .manyFlagsInProcess, .consumeOne, .consumeMany, .close, .restart,
    ]
}

/// Somebody who does the work: starts from nothing, works, proves it, and leaves nothing.
struct Contender: Sendable {
    let name: String
    /// False when a peer is not installed.
    var isInstalled = true
    let work: @Sendable (Sizes) async throws -> Measurement
}

/// What one contender achieved in one round.
struct Measurement: Sendable {
    var figures: [Figure: Double] = [:]
    /// Something that only comes out when the work was done, read back from where it was done.
    var proof: String

    init(_ figures: [Figure: Double] = [:], proof: String) {
        self.figures = figures
        self.proof = proof
    }

    init(_ load: LoadResult, proof: String) {
        self.proof = proof
        figures[.perSecond] = load.perSecond
        figures[.clientNanos] = load.clientNanos
        figures[.p50Micros] = load.latencies.percentile(0.5).map { Double($0) / 1_000 }
        figures[.p99Micros] = load.latencies.percentile(0.99).map { Double($0) / 1_000 }
    }
}

enum Figure: String, Sendable, CaseIterable {
    case perSecond = "per second"
    /// The same for the events that were the first of their companies, which is dearer.
    case firstPerSecond = "first/s"
    /// Of a request: with batches, of a batch.
    case p50Micros = "p50 µs"
    case p99Micros = "p99 µs"
    case seconds = "seconds"
    case residentMebibytes = "resident MiB"
    /// What was added to the resident memory while the work was done.
    case growthMebibytes = "growth MiB"
    /// The client's processor time for one operation, to see that it is not what is measured.
    case clientNanos = "client ns"
    /// Events each second that were ingested beside the work.
    case besidePerSecond = "beside/s"
}

/// What a figure of one contender must be: by itself, or as a multiple of another's.
struct Goal: Sendable {
    enum Bound: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    let figure: Figure
    let contender: String
    var over: String?
    let bound: Bound

    func isReached(by value: Double) -> Bool {
        switch bound {
        case .atLeast(let least): value >= least
        case .atMost(let most): value <= most
        }
    }
}

/// How much is done.
struct Sizes: Sendable {
    /// A load lasts so long, after it has run for `warmUp`.
    let duration: Duration
    let warmUp: Duration
    /// Divides numbers of companies, events and operations.
    let divisor: Int

    static let full = Sizes(duration: .seconds(4), warmUp: .seconds(1), divisor: 1)
    static let quick = Sizes(duration: .milliseconds(30), warmUp: .zero, divisor: 5_000)

    /// A debug build takes a millisecond for a request, so a quick run has two connections.
    func connections(_ number: Int) -> Int { divisor == 1 ? number : min(2, number) }

    var load: LoadPlan { LoadPlan(warmUp: warmUp, duration: duration) }

    /// At least 20, so that there is something to tell apart.
    func scaled(_ number: Int) -> Int { number <= 20 ? number : max(20, number / divisor) }
}
