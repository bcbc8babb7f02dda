package import Basics
internal import Dispatch
internal import Glibc
package import LMDB
package import Model

/// Everything that outlives the process: one LMDB environment in one directory, held by one process.
///
/// Writes go through `Committer` only. Reads come in two kinds: `snapshot` shows what is committed; `value` also sees
/// what has been applied and waits for its commit, which is what deciding the next command needs.
package final class Store: Sendable {
    /// Version of tables, keys and records. A newer store is refused; an older one is brought up to date when opened.
    package static let schemaVersion: UInt64 = 5

    package let database: LMDB.Environment
    /// Hashes that are kept: under a key of this store, so that nobody outside can aim at them.
    package let secret: KeyedHash
    private let directoryLock: DirectoryLock
    private let decoded = Locked(Decoded())
    /// Applied and not yet committed, in layers of the commits that will carry it: the one that is being written, if
    /// any, and the next. Nil values are deletions.
    private let uncommitted = Locked(Uncommitted())
    private let tables: [Table]
    private let scans = DispatchQueue(label: "tollgate.scans", qos: .utility)

    /// Records of the catalog's kinds as commands last read them.
    private struct Decoded {
        var records: [StoreKey: any Record] = [:]
        /// By the prefix of their keys.
        var lists: [[UInt8]: any Sendable] = [:]
    }

    /// Opens the store in `directory`, making it when it does not exist.
    ///
    /// - Parameters:
    ///   - durable: false only for throwaway stores, such as the one `verify` replays into.
    ///   - mapBytes: see `LMDB.Environment`.
    package init(directory: String, durable: Bool = true, mapBytes: Int = Store.mapBytes) throws {
        try Self.makeDirectory(directory)
        directoryLock = try DirectoryLock(path: directory)
        database = try Self.open(directory, durable: durable, mapBytes: mapBytes)
        tables = StoreTable.allCases.map { [database] in database.table($0.rawValue) }
        secret = KeyedHash(key: try Self.prepare(database))
    }

    /// Writes schema version and secret of a new store; brings an old one up to date. Answers the secret. Version 2
    /// knew no holds and version 3 neither audit log nor samples, whose tables are made when the file is opened; before
    /// version 5 packed records had fewer fields, neither plan changes nor what a provider bills nor what ends when
    /// were recorded, and companies on plan versions were not counted.
    private static func prepare(_ database: LMDB.Environment) throws -> (UInt64, UInt64) {
        let meta = database.table(StoreTable.meta.rawValue)
        let (versionKey, secretKey) = (StoreKey.meta("schema").bytes, StoreKey.meta("secret").bytes)
        let (stored, secret) = try database.read { transaction in
            (try transaction.get(meta, versionKey), try transaction.get(meta, secretKey))
        }
        var version = KeyBytes()
        version.append(schemaVersion)
        if let stored, let secret, stored.count == 8, secret.count == 16 {
            let found = stored.withUnsafeBytes { $0.bigEndian64(at: 0) }
            guard found <= schemaVersion else {
                throw StoreFailure(
                    "the store has schema version \(found), this program reads \(schemaVersion): use a newer Tollgate")
            }
            if found < schemaVersion {
                try database.write { transaction in
                    if found < 2 { try migrateFromFirst(&transaction, database) }
                    if found < 5 { try listLapses(&transaction, database) }
                    if found < 5 { try countCompanies(&transaction, database) }
                    try transaction.put(meta, versionKey, version.bytes)
                }
            }
            return secret.withUnsafeBytes { ($0.bigEndian64(at: 0), $0.bigEndian64(at: 8)) }
        }
        var random = SystemRandomNumberGenerator()
        let made: (UInt64, UInt64) = (random.next(), random.next())
        var bytes = KeyBytes()
        bytes.append(made.0)
        bytes.append(made.1)
        try database.write { transaction in
            try transaction.put(meta, versionKey, version.bytes)
            try transaction.put(meta, secretKey, bytes.bytes)
        }
        return made
    }

    /// In version 1 every commit wrote its usage into the table: nothing of the journal is left to be folded.
    private static func migrateFromFirst(
        _ transaction: inout WriteTransaction, _ database: LMDB.Environment
    ) throws {
        let journal = database.table(StoreTable.journal.rawValue)
        let last = try transaction.lastSequence(journal)
        for shard in 0..<UsageFold.shardCount {
            let (key, value) = UsageFold(shard: shard, generation: 1, sequence: last + 1).write
            try transaction.put(database.table(StoreTable.meta.rawValue), key, value)
        }
    }

    /// Before version 5 nobody wrote down which overrides end when.
    private static func listLapses(_ transaction: inout WriteTransaction, _ database: LMDB.Environment) throws {
        var lapses: [StoreKey] = []
        let records = database.table(StoreTable.records.rawValue)
        try transaction.forEach(records, prefix: [RecordKind.companyOverride.rawValue]) { key, value in
            try StoreTable.records.check(keyBytes: key.count, valueBytes: value.count)
            let override = try CompanyOverride.decoded(value)
            if let expiresAt = override.expiresAt {
                let lapse = Lapse(at: expiresAt, what: .companyOverride, ordinal: override.id.ordinal)
                lapses.append(.lapse(lapse, in: EnvironmentID(ordinal: UInt64(key.bigEndian32(at: 1)))))
            }
            return true
        }
        let table = database.table(StoreTable.lapses.rawValue)
        for lapse in lapses { try transaction.put(table, lapse.bytes, []) }
    }

    /// Until version 4 nobody kept how many companies are on each plan version.
    private static func countCompanies(_ transaction: inout WriteTransaction, _ database: LMDB.Environment) throws {
        let records = database.table(StoreTable.records.rawValue)
        var counts: [StoreKey: PlanVersionUse] = [:]
        try transaction.forEach(records, prefix: [RecordKind.company.rawValue]) { _, value in
            let company = try Company.decoded(value)
            for version in company.assignments.map(\.versionID) {
                let key = StoreKey.record(.planVersionUse, in: company.environmentID, ordinal: version.ordinal)
                let before = counts[key]?.companies ?? 0
                counts[key] = PlanVersionUse(id: Identifier(ordinal: version.ordinal), companies: before + 1)
            }
            return true
        }
        for (key, use) in counts { try transaction.put(records, key.bytes, try use.encoded()) }
    }

    /// Copies the committed state while everything goes on. Answers the sequence of the copy's last journal entry.
    package func copy(to target: String) throws -> UInt64 {
        try Self.copy(database, to: target)
    }

    private static func makeDirectory(_ path: String) throws(StoreFailure) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw StoreFailure("the directory \(path) cannot be made: \(String(cString: strerror(errno)))")
        }
    }

    /// Copies a store, committed state only, whether or not a process holds it: LMDB readers of other processes do not
    /// disturb its writer. Answers the sequence of the copy's last journal entry.
    package static func copy(_ directory: String, to target: String) throws -> UInt64 {
        guard access("\(directory)/data.mdb", F_OK) == 0 else {
            throw StoreFailure("\(directory) holds no store: there is no data.mdb in it")
        }
        return try copy(open(directory, durable: true, mapBytes: mapBytes), to: target)
    }

    private static func copy(_ database: LMDB.Environment, to target: String) throws -> UInt64 {
        try makeDirectory(target)
        try database.copy(to: target)
        // Only the copy knows as of which commit it is.
        let copy = try open(target, durable: true, mapBytes: mapBytes)
        return try copy.read { try $0.lastSequence(copy.table(StoreTable.journal.rawValue)) }
    }

    /// Address space, which costs nothing. Ten billion events fit, so that a map hardly ever has to grow.
    package static let mapBytes = 1 << 40

    private static func open(_ directory: String, durable: Bool, mapBytes: Int) throws -> LMDB.Environment {
        try LMDB.Environment(
            path: directory, tables: StoreTable.allCases.map(\.rawValue), mapBytes: mapBytes, readers: 1022,
            durable: durable)
    }

    /// How large the store's file is: bytes ever used, those of them that are free again, and what its map may hold
    /// before it grows; and the read transactions that are open.
    package func statistics() throws -> (bytes: Int, freeBytes: Int, mapBytes: Int, readers: Int) {
        let file = try Self.reading { try database.statistics() }
        return (
            file.filePages * file.pageBytes, file.freePages * file.pageBytes, file.mapBytes, file.readersInUse
        )
    }

    /// Runs what reads much of the journal: one at a time, away from the threads that answer requests.
    package func scan(_ body: @escaping @Sendable () -> Void) { scans.async(execute: body) }

    package func table(_ table: StoreTable) -> Table { tables[table.place] }

    /// What is committed now, unchanged for as long as it is held. Hold it briefly: it pins old pages.
    package func snapshot() throws -> Snapshot {
        Snapshot(self, try Self.reading { try database.beginRead() })
    }

    /// What LMDB cannot read is a fault of the store, for whoever asks.
    static func reading<R: ~Copyable>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as LMDBError {
            throw StoreFailure("the store cannot be read: \(error)", isMomentary: error.code == .panicked)
        }
    }

    /// Runs `body`, which reads, and again when the file had to be opened anew after a failed commit: up to 2 seconds.
    ///
    /// A file in which reads are open stays open. So a read that met a broken one lets go of its snapshots, also of
    /// those in which it was about to begin another, and comes again: what is wrapped is the whole of a reading.
    package func patiently<R>(_ body: () throws -> R) throws -> R {
        for _ in 0..<200 {
            do {
                return try body()
            } catch let failure as StoreFailure where failure.isMomentary {
                database.awaitTrust(patienceMillis: 10)
            }
        }
        return try body()
    }

    /// The newest state of one moment, committed or not. Let go of it soon: what is published meanwhile is copied.
    package func view() throws -> StoreView {
        while true {
            // In this order: what is committed in between is in both. What is published in between, and committed too,
            // would be in the snapshot only, which then is newer than the layers above it.
            let (layers, publications) = uncommitted.withLock { ($0.layers, $0.publications) }
            let snapshot = try snapshot()
            if uncommitted.withLock({ $0.publications == publications }) { return StoreView(layers, snapshot) }
        }
    }

    /// The newest value, committed or not.
    package func value(_ key: StoreKey) throws -> [UInt8]? {
        if let waiting = waiting(key) { return waiting }
        return try snapshot().value(key)
    }

    /// What waits for its commit: nil when nothing does, a nil inside when that is a deletion.
    private func waiting(_ key: StoreKey) -> [UInt8]?? { uncommitted.withLock { $0.layers.value(key) } }

    /// The newest record, committed or not.
    package func record<R: Record>(_ id: Identifier<R>, in environment: EnvironmentID) throws -> R? {
        let key = StoreKey.record(R.kind, in: environment, ordinal: id.ordinal)
        if let waiting = waiting(key) { return try waiting.map { try R.decoded($0) } }
        return try snapshot().record(key)
    }

    /// A record of the catalog, which commands read again and again: kept decoded until it changes.
    ///
    /// Only for whoever applies a command, alone: else a change could come between reading a record and keeping it.
    func catalogRecord<R: Record>(_ key: StoreKey, read: () throws -> R?) throws -> R? {
        if let known = decoded.withLock({ $0.records[key] }) { return known as? R }
        guard let record = try read() else { return nil }
        decoded.withLock { $0.records[key] = record }
        return record
    }

    /// Makes writes visible to `value` before their commit.
    func publish(_ writes: WriteSet, commit: UInt64) {
        uncommitted.withLock { $0.add(writes, commit: commit) }
        decoded.withLock { decoded in
            for key in writes.keys where key.isOfCatalog {
                decoded.records[key] = nil
                decoded.lists[Array(key.bytes.prefix(StoreKey.recordPrefixWidth))] = nil
            }
        }
    }

    /// What a commit has to write.
    func writes(of commit: UInt64) -> WriteSet {
        let layers = uncommitted.withLock { $0.layers.filter { $0.commit == commit } }
        return layers.dropFirst().reduce(into: layers.first?.writes ?? WriteSet()) { $0.merge($1.writes) }
    }

    /// Forgets what a commit has made durable.
    func forget(commit: UInt64) {
        uncommitted.withLock { $0.layers.removeAll { $0.commit == commit } }
    }

    /// Takes back everything that is not durable.
    func forgetUncommitted() {
        uncommitted.withLock { $0.layers.removeAll() }
        decoded.withLock { $0 = Decoded() }
    }

    /// The same list for commands: kept until one of its records changes. Only for whoever applies a command, alone.
    func catalogList<R: Record>(_ type: R.Type, in environment: EnvironmentID) throws -> [R] {
        let prefix = StoreKey.recordPrefix(R.kind, in: environment)
        if let known = decoded.withLock({ $0.lists[prefix] }) as? [R] { return known }
        let list = try all(type, in: environment)
        decoded.withLock { $0.lists[prefix] = list }
        return list
    }

    /// Everything of one kind, oldest first, committed or not. For the few kinds of the catalog.
    package func all<R: Record>(_ type: R.Type, in environment: EnvironmentID) throws -> [R] {
        let prefix = StoreKey.recordPrefix(R.kind, in: environment)
        let layers = uncommitted.withLock { $0.layers }
        var found: [[UInt8]: [UInt8]] = [:]
        try snapshot().forEach(.records, prefix: prefix) { key, value in
            found[Array(key)] = Array(value)
            return true
        }
        for layer in layers {
            layer.writes.forEachSorted { key, value in
                if key.table == .records, key.bytes.starts(with: prefix) { found[key.bytes] = value }
            }
        }
        return try found.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { try R.decoded($0.value) }
    }
}

/// What is applied and not yet durable.
private struct Uncommitted {
    /// Oldest first. The writes of a commit may be in several.
    var layers: [StoreView.Layer] = []
    /// So many writes stay apart, for the committer to join: it would hold up whoever applies commands.
    private static let large = 512
    /// More layers would make looking for a key slow.
    private static let layersLimit = 16
    /// How often something was added.
    private(set) var publications: UInt64 = 0

    mutating func add(_ writes: WriteSet, commit: UInt64) {
        publications += 1
        let staysApart = writes.count >= Self.large && layers.count < Self.layersLimit
        if layers.last?.commit == commit, !staysApart {
            layers[layers.count - 1].writes.merge(writes)
        } else {
            layers.append(StoreView.Layer(commit: commit, writes: writes))
        }
    }
}
