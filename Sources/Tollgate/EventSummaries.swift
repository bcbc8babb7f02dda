internal import Basics
internal import Metering
package import Model
internal import Store

/// How often an event name came, and from how many companies and users.
package struct EventSummary: Sendable {
    package let eventSubtype: String
    package let events: Int
    package let companies: Int
    package let users: Int
    package let lastSeenAt: Timestamp?
}

/// Counts of events by name: read from the journal when somebody asks, each time on from where it was left.
///
/// Holds the ordinals of every company and user of each name. What has not been asked for takes nothing.
final class EventSummaries: Sendable {
    private struct Place: Hashable {
        let environment: EnvironmentID
        let meter: UInt64
    }

    private struct Count {
        var events = 0
        var companies: Set<UInt64> = []
        var users: Set<UInt64> = []
        var lastSeenAt: Timestamp?

        mutating func add(_ event: EventBlock.Event, received: Timestamp) {
            events += 1
            if event.company != 0 { companies.insert(event.company) }
            if event.user != 0 { users.insert(event.user) }
            lastSeenAt = max(lastSeenAt ?? received, received)
        }
    }

    private struct State {
        /// The next sequence to be read.
        var next: UInt64 = 0
        var counts: [Place: Count] = [:]
    }

    private let state = Locked(State())

    /// Follows the committed journal, which is never taken back.
    func follow(_ snapshot: Snapshot) throws {
        try state.withLock { state in
            try snapshot.forEachEntry(from: state.next) { sequence, entry in
                if entry.kind == .events {
                    try EventBlock.forEach(in: entry.payload, received: entry.at) { _, event in
                        if event.meter != 0, !event.isFailed {
                            state.counts[Place(environment: entry.environment, meter: event.meter), default: Count()]
                                .add(event, received: entry.at)
                        }
                        return true
                    }
                }
                state.next = sequence + 1
                return true
            }
        }
    }

    func summary(of meter: Meter, in environment: EnvironmentID) -> EventSummary {
        state.withLock { state in
            let count = state.counts[Place(environment: environment, meter: meter.id.ordinal)]
            return EventSummary(
                eventSubtype: meter.eventSubtype, events: count?.events ?? 0, companies: count?.companies.count ?? 0,
                users: count?.users.count ?? 0, lastSeenAt: count?.lastSeenAt)
        }
    }
}

extension Engine {
    /// Of every event name of the environment, the newest name first. The first time after opening it reads the whole
    /// journal.
    package func eventSummaries(in environment: EnvironmentID) async throws -> [EventSummary] {
        let meters = try requireRuntime(environment).catalog.nouns.meters.values
        return try await scanning { [store, summaries] in
            try summaries.follow(try store.snapshot())
            return meters.sorted { $1.id < $0.id }.map { summaries.summary(of: $0, in: environment) }
        }
    }
}
