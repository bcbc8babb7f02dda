import Basics
import Metering
import Model
import Store

/// The instants at which a company's periods are cut, which tests make up as they go.
final class Boundaries: Sendable {
    private let known: Locked<[Timestamp]>

    init(_ boundaries: [Timestamp]) {
        known = Locked(boundaries.sorted())
    }

    var all: [Timestamp] { known.withLock { $0 } }

    func add(_ boundary: Timestamp) {
        known.withLock { known in
            known.append(boundary)
            known.sort()
        }
    }

    func uncut(around instant: Timestamp) -> Period {
        let known = all
        return Period(
            start: known.last { $0 <= instant } ?? Timestamp(milliseconds: .min / 2),
            end: known.first { instant < $0 } ?? Timestamp(milliseconds: .max / 2))
    }
}

/// Counters on a store, beside the plain list of the events that they have counted.
final class CounterModel {
    static let environment = EnvironmentID(ordinal: 1)
    /// Two of them in one shard.
    static let companies = [1, 2, 40].map { Identifier<Company>(ordinal: $0) }
    static let meters = (1...2).map { Identifier<Meter>(ordinal: $0) }

    struct Counted {
        let company: Identifier<Company>
        let meter: Identifier<Meter>
        let effective: Timestamp
        let quantity: Int64
        let isBackfill: Bool
    }

    private let directory = StoreDirectory()
    let boundaries: Boundaries
    private(set) var events: [Counted] = []
    private(set) var counters: CounterShards
    private(set) var committer: Committer

    init(_ boundaries: Boundaries) throws {
        self.boundaries = boundaries
        (counters, committer) = try Self.open(directory, boundaries)
    }

    private static func open(
        _ directory: StoreDirectory, _ boundaries: Boundaries
    ) throws -> (CounterShards, Committer) {
        let store = try directory.open()
        let counters = CounterShards(store) { _, _, instant in boundaries.uncut(around: instant) }
        let participants = Committer.Participants(
            beginFolds: { counters.beginFolds(written: $0, before: $1, all: $2) }, collect: { counters.collect($0) },
            committed: { counters.folded($1) }, failed: { _ in })
        try counters.recover()
        return (counters, try Committer(store, participants))
    }

    /// Counts and journals a batch of events, and leaves it to the committer's queue when it is written. Answers which
    /// of them were counted.
    func add(_ batch: [Counted], received: Timestamp) throws -> [Bool] {
        let isCounted = try committer.gate.shared {
            var uses = batch.map {
                CounterShards.Use(
                    $0.quantity, of: CounterKey(company: $0.company, meter: $0.meter), effective: $0.effective,
                    isBackfill: $0.isBackfill)
            }
            var none: [DerivedUse] = []
            try counters.add(&uses, derived: &none, in: Self.environment, received: received)
            var block = EventBlock(in: Self.environment, received: received)
            let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
            let isCounted = zip(batch, uses).map { event, use in
                guard case .counted(let start) = use.outcome else { return false }
                block.append(
                    EventBlock.Event(
                        type: .track, isBackfill: event.isBackfill, isTimed: true, company: event.company.ordinal,
                        user: 0, meter: event.meter.ordinal, quantity: event.quantity, effective: event.effective,
                        bucketStart: start, key: nothing, json: nothing))
                return true
            }
            committer.enqueue(block.entry, CommitTicket())
            return isCounted
        }
        events += zip(batch, isCounted).filter(\.1).map(\.0)
        return isCounted
    }

    func makeBoundary(_ instant: Timestamp) {
        boundaries.add(instant)
        for company in Self.companies { counters.boundariesChanged(of: company, meters: Self.meters) }
    }

    func drain() { committer.drain() }

    func fold() throws { _ = try committer.foldedSnapshot() }

    /// As after a restart.
    func reopen() throws {
        committer.drain()
        // The directory is free when nobody holds its store any more.
        let elsewhere = StoreDirectory()
        (counters, committer) = try Self.open(elsewhere, boundaries)
        (counters, committer) = try Self.open(directory, boundaries)
    }

    func expected(
        _ company: Identifier<Company>, _ meter: Identifier<Meter>, _ start: Timestamp?, _ end: Timestamp?,
        billed: Bool
    ) -> Int64 {
        events.reduce(0) { sum, event in
            guard event.company == company, event.meter == meter, !(billed && event.isBackfill),
                start.map({ $0 <= event.effective }) ?? true, end.map({ event.effective < $0 }) ?? true
            else { return sum }
            return sum + event.quantity
        }
    }
}
