internal import ArgumentParser
internal import EventScanner
internal import Tollgate

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Record the events of a file.",
        discussion: """
            Example: tollgate import --data ./data events.ndjson.gz
                     zcat day-*.gz | tollgate import --data ./data -

            One event a line, as in the list of POST /batch, plain or gzip:
              {"type":"track","idempotency_key":"r1","body":{"company":{"id":"acme"},"event":"api-call","quantity":3}}

            Events with an idempotency key count once however often the file is imported within the dedupe window of \
            the environment's clock, so after an interruption import it again. Events count at the time of the \
            import; with "sent_at" and "trusted_client_clock": true at their own, up to 34 \
            days back. Lines that cannot be used are listed and the others count; the exit status is then 1.
            """)

    @OptionGroup var store: DataOption
    @OptionGroup var dedupe: DedupeOption
    @OptionGroup var environments: EnvironmentOption

    @ArgumentParser.Flag(
        help: """
            Let the environment's test clock follow the "sent_at" of the events, so that a history of months is \
            counted, closed and invoiced as if it happened now. The file must be in order of time. Not in production.
            """)
    var moveClock = false

    @Argument(help: ArgumentHelp("The file, or - for standard input.", valueName: "file"))
    var file: String

    func run() async throws {
        try await store.withEngine(dedupe) { engine in
            var importer = try Importer(
                engine: engine, environment: environments.environment(in: engine), window: dedupe.window.span)
            try await importer.run(try EventFile(path: file), moveClock: moveClock)
        }
    }
}

/// One import: batches in, a tally out.
struct Importer {
    private static let shownRejections = 10

    let engine: Engine
    let environment: Environment
    private let window: TimeSpan
    private let key: APIKey
    private var accepted = 0
    private var duplicates = 0
    private var conflicts = 0
    private var rejected = 0
    /// Events of an earlier run that are older than what the dedupe window remembers.
    private var skipped = 0
    private var progress = ProgressLine()

    /// The operator of the machine acts with the rights of the environment's secret key.
    init(engine: Engine, environment: Environment, window: TimeSpan) throws {
        self.engine = engine
        self.window = window
        self.environment = environment
        let keys = try engine.read(environment.id) { try $0.apiKeys() }
        guard let key = keys.first(where: { $0.kind == .secret && !$0.readonly }) else {
            throw CommandFailure.refused(
                "\(environment.name) has no secret key to record events with: make one with `tollgate keys create`")
        }
        self.key = key
    }

    private var total: Int { accepted + duplicates + conflicts + rejected }

    mutating func run(_ file: EventFile, moveClock: Bool) async throws {
        let clock = moveClock ? EventClock(environment) : nil
        // A batch is received when the clock stands at its last event. What an earlier run received a window before
        // its clock stopped is no longer in the dedupe window, and what it received later still is.
        let remembered = moveClock ? environment.testClock.map { $0 - window } : nil
        while true {
            clock?.startBatch()
            guard let batch = try file.next(admits: { clock?.admits($0) ?? true }) else { break }
            if let remembered, let instant = clock?.latest, instant <= remembered {
                skipped += Self.events(in: batch)
                continue
            }
            if let instant = clock?.latest, instant > engine.now(in: environment.id) {
                try await engine.setTestClock(instant, in: environment.id)
            }
            let answer = try await engine.track(
                body: batch, form: .ndjson, limit: EventFile.batchLines, in: environment.id, key: key)
            count(answer, batch, linesBefore: file.linesBefore)
            progress.show("import", done: total, of: "events", fraction: file.fraction)
        }
        progress.clear()
        try report()
    }

    private mutating func count(_ answer: TrackAnswer, _ batch: UnsafeRawBufferPointer, linesBefore: Int) {
        accepted += answer.accepted
        duplicates += answer.duplicates
        conflicts += answer.conflicts
        let shown = answer.rejected.prefix(max(0, Self.shownRejections - rejected))
        if !shown.isEmpty { progress.clear() }
        for rejection in shown {
            let line = linesBefore + Self.line(ofEvent: rejection.index, in: batch)
            Console.complain("line \(line): \(rejection.error)")
        }
        rejected += answer.rejected.count
    }

    private static func events(in batch: UnsafeRawBufferPointer) -> Int {
        batch.split(separator: UInt8(ascii: "\n")).count { !$0.allSatisfy(Self.isBlank) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    /// Which line of the batch, from 1, an event stands on: blank lines hold none.
    static func line(ofEvent index: Int, in batch: UnsafeRawBufferPointer) -> Int {
        var events = -1
        var lineNumber = 0
        for line in batch.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            lineNumber += 1
            if !line.allSatisfy(isBlank) { events += 1 }
            if events == index { return lineNumber }
        }
        return lineNumber
    }

    private func report() throws {
        if skipped > 0 {
            Console.say("\(skipped.grouped) skipped: more than 24 hours before the test clock, so imported before")
        }
        let took = progress.elapsed
        Console.say(
            """
            \(accepted.grouped) accepted, \(duplicates.grouped) duplicates, \(conflicts.grouped) conflicts, \
            \(rejected.grouped) rejected in \(took.brief) (\(took.rate(of: total).grouped) events/s)
            """)
        if rejected + conflicts > 0 {
            throw CommandFailure.refused(
                """
                of \(total.grouped) events \(rejected.grouped) were rejected, and \(conflicts.grouped) had the key of \
                another event
                """)
        }
    }
}
