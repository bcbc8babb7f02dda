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
    static let companies = (1...3).map { Identifier<Company>(ordinal: $0) }
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

    /// Counts and journals an event, and leaves it to the committer's queue when it is written.
    func add(_ event: Counted, received: Timestamp) throws -> Bool {
        let isCounted = try committer.gate.shared {
            func add(_ key: CounterKey) throws -> Timestamp? {
                try counters.add(
                    event.quantity, to: key, in: Self.environment, effective: event.effective, received: received)
            }
            guard let start = try add(CounterKey(company: event.company, meter: event.meter)) else { return false }
            if event.isBackfill {
                _ = try add(CounterKey(company: event.company, meter: event.meter, backfill: true))
            }
            var block = EventBlock(in: Self.environment, received: received)
            let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
            block.append(
                EventBlock.Event(
                    type: .track, isBackfill: event.isBackfill, isTimed: true, company: event.company.ordinal, user: 0,
                    meter: event.meter.ordinal, quantity: event.quantity, effective: event.effective,
                    bucketStart: start, key: nothing, json: nothing))
            committer.enqueue(block.entry, CommitTicket())
            return true
        }
        if isCounted { events.append(event) }
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
