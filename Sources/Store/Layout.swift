package import Basics
package import Model

/// The tables of the store. The raw value is the table's name in LMDB.
package enum StoreTable: String, Sendable, CaseIterable {
    /// Schema version, counters of ids, how far each shard of `usage` was folded.
    case meta
    /// sequence → entry, appended only.
    case journal
    /// kind ‖ environment ‖ ordinal → record in CBOR.
    case records
    /// environment ‖ entity type ‖ name ‖ 0 ‖ value → ordinal of the company or user.
    case keys
    /// company ‖ meter ‖ start → sum of the quantities in the bucket that begins there, as far as they are folded.
    case usage
    /// environment ‖ instant ‖ task ‖ ordinal → nothing: what is to be done when.
    case due
    /// company ‖ ordinal of invoice → nothing.
    case invoices
    /// environment ‖ day ‖ hash of the idempotency key → the first answer to a consume or a reservation.
    case answers
    /// environment ‖ hour → the first journal sequence of that hour: where to start reading to refill the dedupe
    /// window.
    case marks
    /// environment ‖ time of reservation ‖ a number → the hold as it is now.
    case holds
    /// environment ‖ sequence of the entry that began a record of the audit log → sequence of that with its answer.
    case audit
    /// company ‖ meter ‖ 0 ‖ start ‖ backfill ‖ token → rank ‖ order ‖ value: what a bucket keeps of a maximum, of a
    /// latest value, or of different values, as far as it is folded. For the last also company ‖ meter ‖ 1 ‖ token ‖
    /// start ‖ backfill.
    case samples
    /// company ‖ ordinal of plan change → nothing.
    case planChanges
    /// environment ‖ kind of record ‖ id that a billing provider gave it → ordinal of the record.
    case external
    /// environment ‖ instant ‖ what ends ‖ ordinal → nothing: what ends when by itself, with nothing to be done then.
    case lapses

    /// Its place among the tables.
    var place: Int {
        switch self {
        case .meta: 0
        case .journal: 1
        case .records: 2
        case .keys: 3
        case .usage: 4
        case .due: 5
        case .invoices: 6
        case .answers: 7
        case .marks: 8
        case .holds: 9
        case .audit: 10
        case .samples: 11
        case .planChanges: 12
        case .external: 13
        case .lapses: 14
        }
    }
}

/// Keys are big-endian, so that byte order is number order; signed numbers have their sign bit flipped for the same
/// reason.
package struct KeyBytes {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 24) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func append(_ number: UInt8) { bytes.append(number) }
    package mutating func append(_ number: UInt32) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
    package mutating func append(_ number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
    package mutating func append(_ instant: Timestamp) { append(instant.ordered) }
    package mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
    package mutating func append(_ environment: EnvironmentID) { append(UInt32(environment.ordinal)) }
}

extension Timestamp {
    /// The number whose order as an unsigned one is that of time.
    package var ordered: UInt64 { UInt64(bitPattern: milliseconds) ^ (1 << 63) }
}

extension UnsafeRawBufferPointer {
    package func bigEndian32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    package func bigEndian64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    package func timestamp(at offset: Int) -> Timestamp {
        Timestamp(milliseconds: Int64(bitPattern: bigEndian64(at: offset) ^ (1 << 63)))
    }
}

/// Something that a moment in time makes due.
package struct DueItem: Hashable, Comparable, Sendable {
    /// In the order in which they are done when they fall on the same instant.
    package enum Task: UInt8, Sendable {
        /// A subscription's period ends.
        case closePeriod = 1
        /// A draft invoice's grace is over.
        case finalizeInvoice = 2
        /// Late use of a subscription that has ended is billed.
        case correctEnded = 6
        /// A subscription's trial ends.
        case endTrial = 3
        /// A migration's next batch of companies. After the closes of the same instant.
        case advanceMigration = 9
        /// The billing period of a company that waits to be migrated ends; its close has moved it if it could.
        case migrateCompany = 10
        /// The time to pay the first invoice of a custom plan is over.
        case expireCustomPlan = 11
        /// Use is billed before its period ends.
        case billOverage = 12
        /// A plan change happens that was put off. After the periods that end then, which leave it to that change.
        case executeCheckout = 4
        /// An invoice has been open for longer than its company is served without paying.
        case revokeUnpaid = 5
    }

    package let at: Timestamp
    package let task: Task
    /// Of the subscription, the invoice, the migration or the company's record in one.
    package let ordinal: UInt64

    package init(at: Timestamp, task: Task, ordinal: UInt64) {
        self.at = at
        self.task = task
        self.ordinal = ordinal
    }

    /// Nothing comes before it.
    package static let first = DueItem(at: Timestamp(milliseconds: .min), task: .closePeriod, ordinal: 0)

    /// Everything of the same kind and instant comes before it or is it.
    package var lastOfKind: DueItem { DueItem(at: at, task: task, ordinal: .max) }

    package static func < (left: DueItem, right: DueItem) -> Bool {
        (left.at, left.task.rawValue, left.ordinal) < (right.at, right.task.rawValue, right.ordinal)
    }
}

/// Where one counter's bucket stands. A bucket belongs to one company and meter and begins at a millisecond.
package struct UsageKey: Hashable, Comparable, Sendable {
    package static let width = 24
    package let company: UInt64
    package let meter: UInt64
    package let start: Timestamp

    package init(company: UInt64, meter: UInt64, start: Timestamp) {
        self.company = company
        self.meter = meter
        self.start = start
    }

    /// As the table has it, of `width` bytes.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(company: bytes.bigEndian64(at: 0), meter: bytes.bigEndian64(at: 8), start: bytes.timestamp(at: 16))
    }

    /// Writes the key's bytes without allocating: a fold writes many thousands of them.
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let words = (
            company.bigEndian, meter.bigEndian, start.ordered.bigEndian
        )
        return try withUnsafeBytes(of: words, body)
    }

    package static func < (left: UsageKey, right: UsageKey) -> Bool {
        (left.company, left.meter, left.start) < (right.company, right.meter, right.start)
    }
}
