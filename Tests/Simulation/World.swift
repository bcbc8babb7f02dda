internal import Foundation
internal import Plain
internal import Tollgate

/// The engine, in a directory of its own, as the simulation drives it: through what every caller can call, with commits
/// that break on order.
final class World {
    /// Nil only while it is not running.
    private var running: Engine?
    let environment: EnvironmentID
    let faults: Faults
    let mutant: Mutant?
    private let clock: HandClock
    private let hasTestClock: Bool
    /// Events go in as a request's body, and not as values.
    var sendsJSON = false
    private let directory: String
    /// Restarts so far, after crashes too.
    private(set) var restarts = 0
    var catalog = WorldCatalog()
    var invoicesRead: [InvoiceRead] = []
    /// Keys that a planted bug has made up.
    var keysMade = 0

    var engine: Engine { running! }

    init(now: Instant, hasTestClock: Bool, mutant: Mutant?) async throws {
        self.mutant = mutant
        self.hasTestClock = hasTestClock
        faults = Faults()
        clock = HandClock()
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-simulation-\(UUID())").path
        let engine = try Self.open(directory, faults, clock)
        running = engine
        environment = try await engine.execute(
            CreateEnvironment(name: "simulation", type: hasTestClock ? .staging : .production), in: Engine.wholeStore
        ).id
        try await setClock(now)
    }

    deinit {
        running = nil
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func open(_ directory: String, _ faults: Faults, _ clock: HandClock) throws -> Engine {
        var options = EngineOptions()
        options.isDurable = false
        options.mapBytes = 1 << 30
        // Small, so that shards are folded in the middle of a life.
        options.journalTailBytes = 1 << 14
        options.clock = { clock.now }
        options.commitProbe = { try faults.probe($0) }
        return try Engine.open(directory, options: options)
    }

    /// Waits until everything that was begun is committed or has failed.
    func settle() {
        engine.close()
    }

    /// Ends the process, as far as one process can: the engine goes, and what was not committed with it. Then another
    /// one opens the directory.
    func restart() throws {
        settle()
        faults.arm(nil)
        running = nil
        running = try Self.open(directory, faults, clock)
        restarts += 1
    }

    func setClock(_ instant: Instant) async throws {
        if hasTestClock {
            try await engine.setTestClock(Timestamp(instant), in: environment)
        } else {
            clock.now = Timestamp(instant)
        }
    }

    @discardableResult
    func run<C: Command>(_ command: C) async throws -> C.Outcome {
        try await engine.execute(command, in: environment)
    }
}

/// The engine's ids of what the simulation names by number. An id's ordinal is the number and one, where numbers are
/// given out in the order of making.
struct WorldCatalog {
    var features: [(feature: Plain.Feature, id: Identifier<Model.Feature>)] = []
    var plans: [Identifier<Model.Plan>] = []
    /// Which of the plans are add-ons.
    var addOns: Set<Int> = []
    var versions: [[WorldVersion]] = []
    /// How many there are.
    var coupons = 0

    func plan(_ assignment: PlanAssignment) -> String {
        guard let plan = plans.firstIndex(of: assignment.planID),
            let version = versions[plan].firstIndex(where: { $0.id == assignment.versionID })
        else { return "unknown" }
        return "\(plan).\(version)"
    }

    func event(of target: Consumption.Target) -> String {
        switch target {
        case .feature(let feature): features[feature].feature.event ?? ""
        case .event(let event): event
        }
    }

    func key(_ feature: Identifier<Model.Feature>) -> String {
        features.first { $0.id == feature }?.feature.key ?? "unknown"
    }
}

struct WorldVersion {
    let id: Identifier<PlanVersion>
    /// The prices of what is bought ahead, by feature.
    let aheadPrices: [Int: Identifier<Model.Price>]
}

/// The machine's clock.
private final class HandClock: Sendable {
    private let time = Locked(Timestamp(milliseconds: 0))

    var now: Timestamp {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}

extension Identifier {
    init(number: Int) {
        self.init(ordinal: UInt64(number + 1))
    }

    var number: Int { Int(ordinal) - 1 }
}

extension Timestamp {
    init(_ instant: Instant) {
        self.init(milliseconds: Int64(instant))
    }

    var instant: Instant { Int(milliseconds) }
}
