package import Basics
internal import Metering
package import Model
internal import Store

/// What the users of one company used of each event name, by day.
package struct UserUsage: Sendable {
    /// What one user used of one event name, in all or on one day.
    package struct Use: Sendable {
        /// Nil for events that named no user.
        package let user: Identifier<User>?
        /// In UTC.
        package let day: Timestamp
        package var quantity: Int64
        package var lastSeen: Timestamp

        fileprivate func whole(of meter: Identifier<Meter>?) -> Use {
            var use = self
            use.quantity = MeterUnit.whole(quantity, ofMeter: meter?.ordinal ?? 0)
            return use
        }
    }

    fileprivate struct Place: Hashable {
        let user: UInt64
        let meter: UInt64
        let day: Int64
    }

    package let period: Period
    fileprivate var uses: [Place: Use] = [:]

    fileprivate init(period: Period) {
        self.period = period
    }

    /// Of each user who used it, the heaviest first.
    package func users(of meter: Identifier<Meter>?) -> [Use] {
        var users: [UInt64: Use] = [:]
        for (place, use) in uses where place.meter == meter?.ordinal { Self.add(use, to: &users[place.user]) }
        return users.values.sorted {
            ($1.quantity, $0.user?.ordinal ?? 0) < ($0.quantity, $1.user?.ordinal ?? 0)
        }.map { $0.whole(of: meter) }
    }

    /// Of each day, the first first; of all users together.
    package func days(of meter: Identifier<Meter>?) -> [Use] {
        var days: [Int64: Use] = [:]
        for (place, use) in uses where place.meter == meter?.ordinal { Self.add(use, to: &days[place.day]) }
        return days.values.sorted { $0.day < $1.day }.map { $0.whole(of: meter) }
    }

    package func total(of meter: Identifier<Meter>?) -> Int64 {
        let count = uses.reduce(0) { $1.key.meter == meter?.ordinal ? $0 + $1.value.quantity : $0 }
        return MeterUnit.whole(count, ofMeter: meter?.ordinal ?? 0)
    }

    private static func add(_ use: Use, to sum: inout Use?) {
        sum = Use(
            user: use.user, day: use.day, quantity: (sum?.quantity ?? 0) + use.quantity,
            lastSeen: max(sum?.lastSeen ?? use.lastSeen, use.lastSeen))
    }

    /// Counts an event under every meter that it adds to.
    fileprivate mutating func add(_ event: EventBlock.Event) {
        let day = UsageWindow(.currentDay, at: event.effective).start!
        let user: Identifier<User>? = event.user == 0 ? nil : Identifier(ordinal: event.user)
        func add(_ quantity: Int64, _ meter: UInt64) {
            let use = Use(user: user, day: day, quantity: quantity, lastSeen: event.effective)
            Self.add(use, to: &uses[Place(user: event.user, meter: meter, day: day.milliseconds)])
        }
        add(event.quantity, event.meter)
        for use in event.derived where use.kind == .additive { add(use.value, use.meter) }
    }

    fileprivate mutating func add(_ other: UserUsage) {
        for (place, use) in other.uses { Self.add(use, to: &uses[place]) }
    }
}

extension Engine {
    /// How many events one request for usage by user may read.
    static let scannedEventsLimit = 20_000_000
    /// How far ahead of its receipt an event may be.
    private static let mostAhead = TimeSpan.minutes(5)

    /// Counts a company's events whose effective time lies in the period, by user; of one user or of all.
    ///
    /// Reads the journal from the period's start on: usage by user is kept nowhere, so that counting costs no more.
    /// - Throws: `Refusal` when too many events have come since then.
    package func userUsage(
        of company: Identifier<Company>, user: Identifier<User>? = nil, in period: Period, _ environment: EnvironmentID,
        atMost limit: Int = Engine.scannedEventsLimit
    ) async throws -> UserUsage {
        try await scanning { [store] in
            let usage = Locked((sum: UserUsage(period: period), scanned: 0))
            let start = period.start - Self.mostAhead
            guard let first = try store.snapshot().firstEvents(in: environment, receivedFrom: start) else {
                return UserUsage(period: period)
            }
            try store.forEachEntryInParallel(from: first) { _, entry in
                guard entry.kind == .events, entry.environment == environment else { return }
                var found = UserUsage(period: period)
                var scanned = 0
                try EventBlock.forEach(in: entry.payload, received: entry.at) { _, event in
                    scanned += 1
                    guard event.isCounted, event.company == company.ordinal, period.contains(event.effective),
                        user.map({ $0.ordinal == event.user }) ?? true
                    else { return true }
                    found.add(event)
                    return true
                }
                let all = usage.withLock { usage in
                    usage.sum.add(found)
                    usage.scanned += scanned
                    return usage.scanned
                }
                guard all <= limit else {
                    throw Refusal.invalid(
                        "more than \(limit) events came since \(start.rfc3339): ask for a later start_time"
                    )
                }
            }
            return usage.withLock { $0.sum }
        }
    }

    /// Runs what reads much of the journal where nobody else waits for it.
    func scanning<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            store.scan { continuation.resume(with: Result { try body() }) }
        }
    }
}

extension ReadView {
    /// What a feature's use is added up by; nil where nothing is added up: features that are not metered by events, or
    /// by a greatest, latest or number of different values.
    package func sum(of feature: Feature) -> Identifier<Meter>? {
        guard let meter = catalog.nouns.meterID(of: feature), MeterKind(ofMeter: meter.ordinal) == .additive else {
            return nil
        }
        return meter
    }
}
