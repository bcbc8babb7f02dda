import Basics
import Catalog
import Foundation
import Model
import Store
import Testing

/// A real store in a folder of its own, one environment, and a clock turned by hand.
final class World {
    let store: Store
    let environmentID = Identifier<Model.Environment>(ordinal: 1)
    var now = Timestamp(rfc3339: "2026-03-10T12:00:00Z")!
    private(set) var catalog: CatalogSnapshot
    private let committer: Committer
    private var identifiers = IdentifierCounters()
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "catalog-\(UUID().uuidString)")
        store = try Store(directory: folder.path, durable: false, mapBytes: 1 << 30)
        committer = try Committer(
            store,
            .init(
                beginFolds: { _, _, _ in [] }, collect: { _ in FoldedRows() }, committed: { _, _ in }, failed: { _ in })
        )
        let environment = Model.Environment(id: environmentID, name: "dev", type: .development, createdAt: now)
        catalog = CatalogSnapshot(
            CatalogNouns(
                environment: environment, traitDefinitions: [], features: [], flags: [], plans: [], versions: [],
                planEntitlements: [], planGroup: nil, meters: []))
        try execute(CreateEnvironment(name: "dev", type: .development))
    }

    deinit {
        committer.drain()
        try? FileManager.default.removeItem(at: folder)
    }

    @discardableResult
    func execute<C: Command>(_ command: C) throws -> C.Outcome {
        let transaction = Transaction(store, in: environmentID, at: now, identifiers: identifiers, usage: NoUsage())
        let outcome = try command.apply(transaction)
        identifiers = try committer.enqueue(command, transaction, nil)
        catalog = catalog.applying(transaction.changes)
        return outcome
    }

    /// What a fresh start would load.
    func loadedCatalog() throws -> CatalogSnapshot {
        CatalogSnapshot(
            CatalogNouns(
                environment: try get(environmentID)!, traitDefinitions: try all(), features: try all(),
                flags: try all(),
                plans: try all(), versions: try all(), planEntitlements: try all(),
                planGroup: try all(PlanGroup.self).first, meters: try all()))
    }

    /// Writes records that no command of this module makes. What the journal says of it cannot be replayed.
    func seed(_ write: (Transaction) throws -> Void) throws {
        let transaction = Transaction(store, in: environmentID, at: now, identifiers: identifiers, usage: NoUsage())
        try write(transaction)
        identifiers = try committer.enqueue(
            DefineTrait(entityType: .user, hierarchy: ["seeded"], traitType: .string), transaction, nil)
        catalog = catalog.applying(transaction.changes)
    }

    func get<R: Record>(_ id: Identifier<R>) throws -> R? { try store.record(id, in: environmentID) }

    func all<R: Record>(_ type: R.Type = R.self) throws -> [R] { try store.all(type, in: environmentID) }

    /// The company that keys name, through the table of keys.
    func company(_ keys: [String: String]) throws -> Company? {
        try lookup.resolve(keys).flatMap { try get(Identifier<Company>(ordinal: $0)) }
    }

    var lookup: KeyLookup {
        KeyLookup(
            .company,
            owner: { name, value in
                try self.store.value(.entityKey(.company, name: name, value: value, in: self.environmentID))
                    .map { $0.withUnsafeBytes { $0.bigEndian64(at: 0) } }
            },
            exists: { try self.get(Identifier<Company>(ordinal: $0)) != nil })
    }

    /// Everything in a table, committed.
    func dump(_ table: StoreTable) throws -> [[UInt8]: [UInt8]] {
        committer.drain()
        var rows: [[UInt8]: [UInt8]] = [:]
        try store.snapshot().forEach(table, prefix: []) { key, value in
            rows[Array(key)] = Array(value)
            return true
        }
        return rows
    }

    /// The commands so far, as the journal has them.
    func journal() throws -> [JournalEntry] {
        committer.drain()
        var entries: [JournalEntry] = []
        try store.snapshot().forEachEntry { _, entry in
            entries.append(entry)
            return true
        }
        return entries
    }
}

private struct NoUsage: UsageLedger {
    let folds: UInt64 = 0

    func sums(
        company: Identifier<Company>, of uses: [(meter: Identifier<Meter>, period: Period)], in snapshot: Snapshot,
        asOf folds: UInt64
    ) -> [Int64] {
        uses.map { _ in 0 }
    }

    func usage(company: Identifier<Company>, meter: Identifier<Meter>, in window: UsageWindow) -> Int64 { 0 }

    func quantities(company: Identifier<Company>, of meter: Identifier<Meter>, in period: Period) -> [Int64] { [] }
}

/// Expects a refusal of a kind whose sentence contains `words`.
func refused(
    _ kind: Refusal.Kind, _ words: String, at location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("nothing was refused, expected \"\(words)\"", sourceLocation: location)
    } catch let refusal as Refusal {
        #expect(refusal.kind == kind, "\(refusal)", sourceLocation: location)
        #expect(refusal.message.contains(words), "\"\(refusal)\" instead of \"\(words)\"", sourceLocation: location)
    } catch {
        Issue.record(error, sourceLocation: location)
    }
}

/// The rows of a text table: cells between bars, trimmed.
func rows(_ table: String) -> [[String]] {
    table.split(separator: "\n").map { line in
        line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    }
}

/// `a=1 b=2` as a dictionary.
func fields(_ text: String) -> [String: String] {
    var fields: [String: String] = [:]
    for field in text.split(separator: " ") {
        let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        fields[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
    return fields
}

/// The outcome of a step, or its refusal as text.
func outcome(_ body: () throws -> String) -> String {
    do { return try body() } catch { return "refused: \(error)" }
}

extension [EntityKey] {
    /// `id=a slug=sa`, sorted.
    var text: String { map { "\($0.name)=\($0.value)" }.sorted().joined(separator: " ") }
}
