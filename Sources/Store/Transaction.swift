public import Basics
package import Model

/// What a command reads and changes. Nothing is visible outside until the whole command has been applied.
///
/// Reads see the command's own writes first, then everything applied before it. One command runs at a time, on one
/// thread.
public final class Transaction {
    package let environmentID: EnvironmentID
    /// The time that the command is applied at: all that it may know of clocks.
    public let now: Timestamp
    private let store: Store
    private let usage: any UsageLedger
    /// What was applied before, from the first read to the end.
    private var present: Present?
    // Only the one thread that applies the command reaches it.
    @exclusivity(unchecked) private var state: State

    private struct Present {
        let view: StoreView
        /// `UsageLedger.folds` before the view was made.
        let folds: UInt64
    }

    /// All that the command has done so far, one value: so that what is taken back or rehearsed is all of it.
    private struct State {
        var identifiers: IdentifierCounters
        var writes = WriteSet()
        /// The last number given out, by counter.
        var numbers: [(counter: String, last: UInt64)] = []
        /// Of the invoice that was sealed last.
        var lastSeal: InvoiceDigest?
        var changes: [RecordChange] = []
        var scheduled: [DueItem] = []
    }

    package init(
        _ store: Store, in environment: EnvironmentID, at now: Timestamp, identifiers: IdentifierCounters,
        usage: any UsageLedger
    ) {
        self.store = store
        self.environmentID = environment
        self.now = now
        self.usage = usage
        state = State(identifiers: identifiers)
    }

    /// The records put or deleted, for those who keep decoded ones in memory. Invoices are kept by nobody.
    package var changes: [RecordChange] { state.changes }

    /// What the command made due.
    package var scheduled: [DueItem] { state.scheduled }

    /// What a later command would see after this one: for rehearsals, of which nothing is kept.
    package func rehearsal(at instant: Timestamp) -> Transaction {
        let later = Transaction(store, in: environmentID, at: instant, identifiers: state.identifiers, usage: usage)
        later.state = state
        return later
    }

    /// The next id of a kind. Ids of refused commands are not used up.
    package func newID<N: Identified>(_ noun: N.Type = N.self) -> Identifier<N> {
        Identifier(ordinal: state.identifiers.next(N.idPrefix))
    }

    /// The ordinal that was given out last of a kind, in any environment; 0 when there was none.
    package func lastOrdinal<N: Identified>(_ noun: N.Type) -> UInt64 { state.identifiers.last(N.idPrefix) }

    package func environment() throws -> Model.Environment {
        guard let environment = try get(environmentID) else {
            throw Refusal.notFound("environment \(environmentID) does not exist")
        }
        return environment
    }

    package func get<R: Record>(_ id: Identifier<R>) throws -> R? {
        let key = StoreKey.record(R.kind, in: environmentID, ordinal: id.ordinal)
        if let written = state.writes[key] { return try written.map { try R.decoded($0) } }
        if !R.kind.isCatalog { return try before().record(R.self, key) }
        return try store.catalogRecord(key) { try before().record(R.self, key) }
    }

    /// What issuing an invoice needs of a company.
    package func billing(of company: Identifier<Company>) throws -> CompanyBilling? {
        let key = StoreKey.record(.company, in: environmentID, ordinal: company.ordinal)
        if let written = state.writes[key] { return try written?.withUnsafeBytes(CompanyBilling.decoded) }
        return try before().billing(key)
    }

    package func requireBilling(of company: Identifier<Company>) throws -> CompanyBilling {
        guard let billing = try billing(of: company) else {
            throw Refusal.notFound("company \(company) does not exist")
        }
        return billing
    }

    /// The record, or a refusal that names it as `what`.
    package func require<R: Record>(_ id: Identifier<R>, _ what: String) throws -> R {
        guard let record = try get(id) else { throw Refusal.notFound("\(what) \(id) does not exist") }
        return record
    }

    /// Everything of one kind, oldest first. For the few kinds of the catalog.
    package func all<R: Record>(_ type: R.Type) throws -> [R] {
        precondition(R.kind.isCatalog, "\(R.kind) records are many: do not list them inside a command")
        let changed = state.changes.compactMap { change in change.kind == R.kind ? change.ordinal : nil }
        var found = try store.catalogList(type, in: environmentID).filter { !changed.contains($0.id.ordinal) }
        for ordinal in Set(changed) {
            if let record = try get(Identifier<R>(ordinal: ordinal)) { found.append(record) }
        }
        return found.sorted { $0.id < $1.id }
    }

    package func put<R: Record>(_ record: R) throws { put(record, encoded: try record.encoded()) }

    /// The same where the record's bytes are known.
    package func put<R: Record>(_ record: R, encoded: [UInt8]) {
        set(.record(R.kind, in: environmentID, ordinal: record.id.ordinal), encoded)
        if R.kind == .invoice { return }
        state.changes.append(
            RecordChange(
                kind: R.kind, ordinal: record.id.ordinal, effect: record.effect(at: now),
                record: R.kind.isKept ? record : nil))
    }

    package func delete<R: Record>(_ id: Identifier<R>) {
        set(.record(R.kind, in: environmentID, ordinal: id.ordinal), nil)
        state.changes.append(RecordChange(kind: R.kind, ordinal: id.ordinal, effect: nil, record: nil))
    }

    /// The ordinal of the company or user that holds a key.
    package func owner(of type: EntityType, name: String, value: String) throws -> UInt64? {
        try self.value(.entityKey(type, name: name, value: value, in: environmentID))
            .map { $0.withUnsafeBytes { $0.bigEndian64(at: 0) } }
    }

    package func setOwner(_ ordinal: UInt64?, of type: EntityType, name: String, value: String) {
        set(.entityKey(type, name: name, value: value, in: environmentID), ordinal.map(Self.bytes))
    }

    package func schedule(_ item: DueItem) {
        set(.due(item, in: environmentID), [])
        state.scheduled.append(item)
    }

    package func unschedule(_ item: DueItem) {
        let isEarlier = state.writes.set(.due(item, in: environmentID), nil)
        if isEarlier { state.scheduled.removeAll { $0 == item } }
    }

    package func indexInvoice(_ invoice: Identifier<Invoice>, of company: Identifier<Company>) {
        set(.companyInvoice(company, invoice), [])
    }

    package func indexPlanChange(_ change: Identifier<PlanChange>, of company: Identifier<Company>) {
        set(.companyPlanChange(company, change), [])
    }

    /// For each meter and period the sum of one company's events whose effective time lies in it.
    package func usage(
        company: Identifier<Company>, of uses: [(meter: Identifier<Meter>, period: Period)]
    ) throws -> [Decimal] {
        let present = try look()
        let sums = try usage.sums(company: company, of: uses, in: present.view.snapshot, asOf: present.folds)
        return zip(uses, sums).map { MeterUnit.quantity($1, ofMeter: $0.meter.ordinal) }
    }

    /// What one company has used by a meter in a window, backfilled use included.
    package func usage(
        company: Identifier<Company>, meter: Identifier<Meter>, in window: UsageWindow
    ) throws -> Int64 {
        try usage.usage(company: company, meter: meter, in: window)
    }

    /// What each event of a period added, in order; of a meter that keeps each.
    package func quantities(
        company: Identifier<Company>, of meter: Identifier<Meter>, in period: Period
    ) throws -> [Decimal] {
        try usage.quantities(company: company, of: meter, in: period).map {
            MeterUnit.quantity($0, ofMeter: meter.ordinal)
        }
    }

    /// A number that counts up by one without gaps, by name; starts at 1.
    package func nextNumber(_ counter: String) throws -> UInt64 {
        for place in state.numbers.indices where state.numbers[place].counter == counter {
            state.numbers[place].last += 1
            return state.numbers[place].last
        }
        let bytes = try value(numberKey(counter))
        guard bytes?.count ?? 8 == 8 else { throw StoreFailure("the store is damaged: \(counter) is no number") }
        let last = bytes?.withUnsafeBytes { $0.bigEndian64(at: 0) } ?? 0
        state.numbers.append((counter, last + 1))
        return last + 1
    }

    /// The seal of this environment's last sealed invoice; nil when there is none yet.
    package func lastSeal() throws -> InvoiceDigest? {
        try state.lastSeal ?? value(sealKey).flatMap { InvoiceDigest($0) }
    }

    package func setLastSeal(_ seal: InvoiceDigest) { state.lastSeal = seal }

    private var sealKey: StoreKey { .meta("link/\(environmentID.ordinal)/invoice") }

    private func numberKey(_ counter: String) -> StoreKey {
        StoreKey.meta("number/\(environmentID.ordinal)/\(counter)")
    }

    /// The entity keys that the command gave to somebody or took away.
    package var changedEntityKeys: [StoreKey] { state.writes.keys.filter { $0.table == .keys } }

    func value(_ key: StoreKey) throws -> [UInt8]? {
        if let written = state.writes[key] { return written }
        return try before().value(key)
    }

    private func before() throws -> StoreView { try look().view }

    private func look() throws -> Present {
        if let present { return present }
        let folds = usage.folds
        let made = Present(view: try store.view(), folds: folds)
        present = made
        return made
    }

    func set(_ key: StoreKey, _ value: [UInt8]?) {
        state.writes.set(key, value)
    }

    static func bytes(_ number: UInt64) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// Says how many writes are to be expected.
    package func expectWrites(_ count: Int) { state.writes.reserveCapacity(count) }

    /// Carries out one part of a command, or, when that is refused or its numbers cannot be held, nothing of it.
    package func whole<R>(_ body: () throws -> R) throws -> R {
        let before = state
        do {
            return try body()
        } catch {
            state = before
            throw error
        }
    }

    /// All writes of the command, the counters of ids included. Nothing is read any more.
    package func finish() throws -> (writes: WriteSet, identifiers: IdentifierCounters) {
        present = nil
        for (counter, last) in state.numbers { set(numberKey(counter), Self.bytes(last)) }
        if let seal = state.lastSeal { set(sealKey, seal.bytes) }
        set(.meta("ids"), try RecordEncoder().encode(state.identifiers))
        return (state.writes, state.identifiers)
    }
}

/// A record that a command put or deleted.
package struct RecordChange: Sendable {
    package let kind: RecordKind
    package let ordinal: UInt64
    /// Of what was put; nil when it concerns no company but the one that it may be itself.
    package let effect: CompanyEffect?
    /// What was put, of the kinds that are kept decoded in memory; nil when it was deleted.
    package let record: (any Record)?
}

/// What a record's change means for a company.
package struct CompanyEffect: Sendable {
    package let companyID: Identifier<Company>
    /// Its periods are cut differently from now on.
    package let cutsPeriods: Bool
}

/// Who knows the usage, counts that wait for their commit included.
package protocol UsageLedger: Sendable {
    /// How often use went from memory to the store: a snapshot begun since then holds all that memory has let go of.
    var folds: UInt64 { get }

    /// What periods bill, in units of the meters: everything used in them except what was backfilled.
    ///
    /// - Parameters:
    ///   - snapshot: read when nothing has been folded since it was begun, else a new one.
    ///   - folds: as many as there were before it was begun.
    func sums(
        company: Identifier<Company>, of uses: [(meter: Identifier<Meter>, period: Period)], in snapshot: Snapshot,
        asOf folds: UInt64
    ) throws -> [Int64]

    /// What counts against a limit: everything used in a window.
    func usage(company: Identifier<Company>, meter: Identifier<Meter>, in window: UsageWindow) throws -> Int64

    /// What each event added, in order and in units of the meter.
    func quantities(company: Identifier<Company>, of meter: Identifier<Meter>, in period: Period) throws -> [Int64]
}

/// The last ordinal given out of each kind, by id prefix.
package struct IdentifierCounters: Sendable {
    /// Few, so that looking through them is faster than hashing a prefix; those that are asked for most come first.
    private var counters: [(prefix: String, last: UInt64)] = []

    package init() {}

    func last(_ prefix: String) -> UInt64 { place(of: prefix).map { counters[$0].last } ?? 0 }

    private func place(of prefix: String) -> Int? {
        for place in counters.indices where counters[place].prefix == prefix { return place }
        return nil
    }

    mutating func next(_ prefix: String) -> UInt64 {
        guard let place = place(of: prefix) else {
            counters.append((prefix, 1))
            return 1
        }
        counters[place].last += 1
        defer { if place > 0 { counters.swapAt(place, place - 1) } }
        return counters[place].last
    }
}

extension IdentifierCounters: Codable {
    private enum CodingKeys: CodingKey {
        case last
    }

    package init(from decoder: any Decoder) throws {
        let last = try decoder.container(keyedBy: CodingKeys.self).decode([String: UInt64].self, forKey: .last)
        counters = last.map { ($0.key, $0.value) }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let last = Dictionary(uniqueKeysWithValues: counters.map { ($0.prefix, $0.last) })
        try container.encode(last, forKey: .last)
    }
}
