public import Basics
internal import Billing
internal import Catalog
internal import Crypto
internal import Metering
public import Model
public import Store

/// Tollgate in one process: a data directory, opened. Everything goes through here.
///
/// - Commands (`execute`) change catalog, companies and plans; they are durable when the call returns.
/// - `track` and `consume` count usage, durably; `check` answers from memory.
/// - `closeDue` ends billing periods. `read` shows one consistent state of everything acknowledged.
///
/// All of it may be called from any thread at once.
public final class Engine: Sendable {
    package let store: Store
    package let committer: Committer
    let counters: CounterShards
    let keys: KeyIndex
    let options: EngineOptions
    let answers: KeptAnswers
    let settlements = SettlementLocks()
    let holdOrdinals = Locked<[EnvironmentID: HoldOrdinals]>([:])
    let marks: DedupeMarks
    let scanners = ScannerPool()
    package let changes: ChangeFeed
    let summaries = EventSummaries()
    let tally = Locked(Tally())
    let lastAudit = Locked<EngineStatistics.Audit?>(nil)
    let memory: Memory

    /// What the participants of a commit share; separate from the engine, which is made after the committer.
    final class Memory: Sendable {
        let runtimes = Locked(EnvironmentTable())
        let apiKeys = Locked<[[UInt8]: APIKey]>([:])
        /// When each key's use was last to be remembered.
        let noted = Locked<[Identifier<APIKey>: Timestamp]>([:])
        let tokens = Locked(TokenTable([]))
        let subscribed = SubscribedCompanies()
        let identifiers: Locked<IdentifierCounters>
        private let dedupeLength: TimeSpan
        private let dedupeMemory: DedupeMemory

        init(_ identifiers: IdentifierCounters, dedupeLength: TimeSpan, _ dedupeMemory: DedupeMemory) {
            self.identifiers = Locked(identifiers)
            self.dedupeLength = dedupeLength
            self.dedupeMemory = dedupeMemory
        }

        func makeRuntime(_ environment: Environment, _ store: Store) throws -> EnvironmentRuntime {
            try EnvironmentRuntime(environment, store, DedupeWindow(length: dedupeLength, memory: dedupeMemory))
        }
    }

    /// Opens a data directory, making it when it does not exist. One process holds it: a second one gets an error that
    /// names the first.
    public static func open(_ directory: String, options: EngineOptions = EngineOptions()) throws -> Engine {
        guard Zone("America/New_York") != nil else {
            throw StoreFailure("this machine has no time zone data, which billing periods need: install tzdata")
        }
        guard TimeSpan(milliseconds: 0) < options.dedupeWindow, options.dedupeWindow <= DedupeWindow.longestLength
        else {
            throw Refusal.invalid(
                "the dedupe window must be longer than nothing and at most 35 days, not "
                    + "\(options.dedupeWindow.milliseconds) ms")
        }
        let store = try Store(directory: directory, durable: options.isDurable, mapBytes: options.mapBytes)
        return try Engine(store, directory, options)
    }

    private init(_ store: Store, _ directory: String, _ options: EngineOptions) throws {
        self.store = store
        self.options = options
        let identifiers = try store.value(.meta("ids")).map {
            try RecordDecoder().decode(IdentifierCounters.self, from: $0)
        }
        let memory = Memory(
            identifiers ?? IdentifierCounters(), dedupeLength: options.dedupeWindow,
            DedupeMemory(limit: options.dedupeMemory, directory: directory))
        let subscribed = memory.subscribed
        let changes = ChangeFeed()
        self.changes = changes
        let counters = CounterShards(store, tailBytes: options.journalTailBytes, watch: changes.use) {
            environment, company, instant in
            guard subscribed.contains(company) else { return .always }
            return try store.uncutPeriod(of: company, around: instant, in: environment)
        }
        let keys = KeyIndex(store)
        let answers = KeptAnswers(window: options.dedupeWindow)
        self.answers = answers
        let marks = DedupeMarks(store)
        self.marks = marks
        committer = try Committer(
            store,
            Committer.Participants(
                beginFolds: { counters.beginFolds(written: $0, before: $1, all: $2) },
                collect: { counters.collect($0) },
                committed: { number, folds in
                    counters.folded(folds)
                    memory.eachDedupeWindow { $0.committed(number) }
                },
                failed: { sequence in
                    keys.forgetAll()
                    marks.forgetAll()
                    answers.forgetAll()
                    memory.eachDedupeWindow { $0.takeBack() }
                    try counters.recover(holds: try store.openHolds(options.clock))
                    try memory.reload(store)
                    try memory.refillDedupeWindows(from: store, after: sequence, options.clock)
                    changes.noteFailure()
                }),
            probe: options.commitProbe)
        self.memory = memory
        self.counters = counters
        self.keys = keys
        try memory.load(store)
        try counters.recover(holds: try store.openHolds(options.clock))
        try memory.refillDedupeWindows(from: store, options.clock)
    }

    /// Waits until everything applied is durable, and leaves nothing for the next opening to count again. The directory
    /// is released with the last reference to the engine.
    public func close() {
        // When the disk is full the events are in the journal all the same.
        _ = try? committer.foldedSnapshot()
    }

    // MARK: - Environments and keys

    public var environments: [Environment] {
        memory.runtimes.withLock { $0.values }.map(\.catalog.nouns.environment).sorted { $0.id < $1.id }
    }

    /// Where commands go that belong to no environment, such as making the first one.
    public static let wholeStore = EnvironmentID(ordinal: 0)

    public func environment(_ id: EnvironmentID) -> Environment? {
        runtime(id)?.catalog.nouns.environment
    }

    /// The environment's time: its test clock where it has one, else the system's.
    public func now(in environment: EnvironmentID) -> Timestamp {
        runtime(environment)?.catalog.nouns.environment.testClock ?? options.clock()
    }

    /// When use counts that comes at `now`: then, or a little later where a test clock's instant has been parted.
    func useTime(_ now: Timestamp, in id: EnvironmentID) -> Timestamp {
        guard let environment = environment(id), environment.testClock == now else { return now }
        return environment.useClock ?? now
    }

    /// The key's record, nil for a key that is not known or was revoked.
    public func authenticate(_ key: some StringProtocol) -> APIKey? {
        let hash = APIKeySecret.hash(key)
        return memory.apiKeys.withLock { $0[hash] }
    }

    /// Whether a key with this hash is in force.
    func isKnown(hash: [UInt8]) -> Bool {
        memory.apiKeys.withLock { $0[hash] != nil }
    }

    func runtime(_ id: EnvironmentID) -> EnvironmentRuntime? {
        memory.runtimes.withLock { $0[id] }
    }

    func requireRuntime(_ id: EnvironmentID) throws(Refusal) -> EnvironmentRuntime {
        guard let runtime = runtime(id) else { throw .notFound("environment \(id) does not exist") }
        return runtime
    }

    // MARK: - Commands

    /// Applies a command and waits until it is durable.
    ///
    /// - Throws: `Refusal` when it may not be carried out, `StoreFailure` when it could not be written. Nothing has
    ///   changed then.
    public func execute<C: Command>(_ command: C, in environment: EnvironmentID) async throws -> C.Outcome {
        try await execute(command, in: environment) { _ in }
    }

    /// - Parameter beside: called with the command's time once it is applied, with nothing in between: what it enqueues
    ///   stands in the same commit.
    func execute<C: Command>(
        _ command: C, in environment: EnvironmentID, beside: (Timestamp) throws -> Void
    ) async throws -> C.Outcome {
        let ticket = CommitTicket()
        if environment == Self.wholeStore {
            guard command is CreateEnvironment else { throw Refusal.invalid("\(C.name) belongs to an environment") }
            let outcome = try apply(command, in: environment, ticket)
            try await ticket.wait()
            return outcome
        }
        _ = try requireRuntime(environment)
        // A change at exactly a period's end belongs to the new period: what has fallen due is done first, and again
        // when more falls due before the command's turn comes.
        while true {
            let report = try await closeDue(in: environment)
            try committer.admit()
            let outcome = try committer.gate.exclusive { () throws -> C.Outcome? in
                let now = now(in: environment)
                guard try !isAnythingDue(after: report.until, until: now, in: environment) else { return nil }
                let outcome = try applyOnTime(command, in: environment, at: now, ticket)
                try beside(now)
                return outcome
            }
            if let outcome {
                try await ticket.wait()
                return outcome
            }
        }
    }

    /// Applies a command: visible at once, durable when the ticket says so.
    func apply<C: Command>(_ command: C, in environment: EnvironmentID, _ ticket: CommitTicket?) throws -> C.Outcome {
        try committer.admit()
        return try committer.gate.exclusive {
            try applyAlone(command, in: environment, at: now(in: environment), ticket).outcome
        }
    }

    /// Applies what fell due, as of that instant. Answers also the appointments that it made.
    ///
    /// - Parameter failures: how many commits had failed when the run began of which this is a step: not applied when
    ///   another one has failed since, which took back steps that must come first.
    func applyDue<C: Command>(
        _ command: C, in environment: EnvironmentID, at instant: Timestamp, after failures: UInt64? = nil,
        _ ticket: CommitTicket?
    ) throws -> (outcome: C.Outcome, made: [DueItem]) {
        try committer.gate.exclusive {
            guard failures == nil || failures == committer.statistics.failures else {
                throw StoreFailure("a write failed: what falls due later waits until that has been done")
            }
            return try applyAlone(command, in: environment, at: instant, ticket)
        }
    }

    /// Applies a command now, or, when it begins or ends a subscription in the very millisecond of an event of its
    /// company that was counted before, one millisecond later: the event came first.
    private func applyOnTime<C: Command>(
        _ command: C, in environment: EnvironmentID, at now: Timestamp, _ ticket: CommitTicket?
    ) throws -> C.Outcome {
        var applied = try attempt(command, in: environment, at: now)
        if let event = latestEvent(beside: applied.transaction, in: environment),
            // Later ones are of a clock that has been put back.
            now <= event, event < now + .seconds(1)
        {
            applied = try attempt(command, in: environment, at: event + Subscription.instant)
        }
        try adopt(command, applied.transaction, in: environment, ticket)
        return applied.outcome
    }

    /// The latest event of the companies whose periods are cut at the transaction's time.
    private func latestEvent(beside transaction: Transaction, in environment: EnvironmentID) -> Timestamp? {
        guard let meters = runtime(environment)?.catalog.nouns.meterIDs else { return nil }
        return transaction.cutCompanies.compactMap { counters.latestEvent(of: $0, meters: meters) }.max()
    }

    /// Applies a command inside an exclusive pass of the gate.
    func applyAlone<C: Command>(
        _ command: C, in environment: EnvironmentID, at now: Timestamp, _ ticket: CommitTicket?
    ) throws -> (outcome: C.Outcome, made: [DueItem]) {
        let (transaction, outcome) = try attempt(command, in: environment, at: now)
        try adopt(command, transaction, in: environment, ticket)
        return (outcome, transaction.scheduled)
    }

    /// What the command would do, with nothing changed yet.
    func attempt<C: Command>(
        _ command: C, in environment: EnvironmentID, at now: Timestamp
    ) throws -> (transaction: Transaction, outcome: C.Outcome) {
        let transaction = transaction(in: environment, at: now)
        return (transaction, try Self.refusingOverflow { try command.apply(transaction) })
    }

    /// Makes it so, in memory; inside an exclusive pass of the gate.
    func adopt(
        _ command: some Command, _ transaction: Transaction, in environment: EnvironmentID, _ ticket: CommitTicket?
    ) throws {
        let identifiers = try committer.enqueue(command, transaction, ticket)
        memory.identifiers.withLock { $0 = identifiers }
        publish(transaction, in: environment)
    }

    /// The outcome that a command would have, without its changes.
    func rehearse<C: Command>(_ command: C, in environment: EnvironmentID, at now: Timestamp) throws -> C.Outcome {
        try committer.gate.exclusive { try attempt(command, in: environment, at: now).outcome }
    }

    func transaction(in environment: EnvironmentID, at now: Timestamp) -> Transaction {
        Transaction(
            store, in: environment, at: now, identifiers: memory.identifiers.withLock { $0 }, usage: counters)
    }

    /// A sum that exceeds what numbers can hold is the request's fault, not the machine's.
    static func refusingOverflow<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let overflow as ArithmeticOverflow {
            throw Refusal.invalid("the amount is too large: \(overflow)")
        }
    }

    private func publish(_ transaction: Transaction, in environment: EnvironmentID) {
        let names = transaction.changedEntityKeys
        for key in names { keys.forget(key) }
        memory.publish(transaction.changes, store)
        guard let runtime = runtime(environment) else { return }
        runtime.publish(transaction.changes)
        for company in transaction.cutCompanies {
            memory.subscribed.insert(company)
            counters.boundariesChanged(of: company, meters: runtime.catalog.nouns.meterIDs)
        }
        changes.note(transaction.changes, hasOtherNames: !names.isEmpty, in: environment)
    }
}

extension Engine.Memory {
    func load(_ store: Store) throws {
        for environment in try store.all(Environment.self, in: Engine.wholeStore) {
            let runtime = try makeRuntime(environment, store)
            runtimes.withLock { $0.add(runtime) }
            try store.snapshot().forEach(Subscription.self, in: environment.id) {
                subscribed.insert($0.companyID)
                return true
            }
        }
        for key in try store.all(APIKey.self, in: Engine.wholeStore) { apiKeys.withLock { $0[key.hash] = key } }
        try loadTokens(store)
    }

    /// Follows changes of what belongs to the whole store.
    func publish(_ changes: [RecordChange], _ store: Store) {
        for change in changes {
            switch (change.kind, change.record) {
            case (.environment, let environment as Environment):
                if let known = runtimes.withLock({ $0[environment.id] }) {
                    known.publish([change])
                } else if let runtime = try? makeRuntime(environment, store) {
                    runtimes.withLock { $0.add(runtime) }
                }
            case (.apiKey, let key):
                apiKeys.withLock { keys in
                    for (hash, old) in keys where old.id.ordinal == change.ordinal { keys[hash] = nil }
                    if let key = key as? APIKey { keys[key.hash] = key }
                }
            case (.temporaryAccessToken, _): tokens.withLock { $0.follow(change) }
            default: break
            }
        }
    }

    private func loadTokens(_ store: Store) throws {
        let kept = try store.all(TemporaryAccessToken.self, in: Engine.wholeStore)
        tokens.withLock { $0 = TokenTable(kept) }
    }

    /// Takes back what a failed commit would have made durable.
    func reload(_ store: Store) throws {
        let keys = try store.all(APIKey.self, in: Engine.wholeStore)
        let ids = Set(try store.all(Environment.self, in: Engine.wholeStore).map(\.id))
        let counters = try store.value(.meta("ids")).map {
            try RecordDecoder().decode(IdentifierCounters.self, from: $0)
        }
        runtimes.withLock { $0.removeAll(except: ids) }
        for runtime in runtimes.withLock({ $0.values }) { try runtime.reload() }
        try loadTokens(store)
        apiKeys.withLock { $0 = Dictionary(keys.map { ($0.hash, $0) }) { first, _ in first } }
        identifiers.withLock { $0 = counters ?? IdentifierCounters() }
    }
}

extension CommitTicket {
    /// Waits for durability.
    func wait() async throws {
        let failure: StoreFailure? = await withUnsafeContinuation { continuation in
            onSettled { continuation.resume(returning: $0) }
        }
        if let failure { throw failure }
    }
}

extension Transaction {
    /// Companies whose subscriptions begin or end now, or are moved.
    fileprivate var cutCompanies: [Identifier<Company>] {
        changes.compactMap { change in change.effect.flatMap { $0.cutsPeriods ? $0.companyID : nil } }
    }
}
