internal import Basics
internal import Metering
package import Model
internal import Store

/// The events that made the quantity of a usage line: one page of them, and all added up.
package struct LineEvents: Sendable {
    package struct Event: Sendable {
        package let id: Identifier<RecordedEvent>
        package let effectiveAt: Timestamp
        package let capturedAt: Timestamp
        /// What it adds to the meter; of a greatest or latest value, the value.
        package let quantity: Decimal
    }

    /// By effective time, then by receipt.
    package fileprivate(set) var events: [Event] = []
    /// Of all, not only of this page.
    package fileprivate(set) var count = 0
    package fileprivate(set) var sum = Decimal.zero

    /// Keeps the first `most`.
    fileprivate mutating func trim(to most: Int) {
        events.sort { ($0.effectiveAt, $0.id) < ($1.effectiveAt, $1.id) }
        events.removeSubrange(min(most, events.count)...)
    }
}

extension Engine {
    /// How deep the pages of a line's events go.
    static let lineEventsLimit = 1_000_000

    /// The events of a company under a meter whose effective time lies in the period.
    ///
    /// Reads the journal from the period's start on, as usage by user does.
    /// - Throws: `Refusal` when too many events have come since then.
    package func events(
        of company: Identifier<Company>, under meter: Identifier<Meter>, in period: Period,
        _ environment: EnvironmentID, offset: Int, limit: Int
    ) async throws -> LineEvents {
        let (most, overflow) = offset.addingReportingOverflow(limit)
        guard !overflow, most <= Self.lineEventsLimit else {
            throw Refusal.invalid("offset and limit must come to at most \(Self.lineEventsLimit) events")
        }
        return try await scanning { [store] in
            guard let first = try store.snapshot().firstEvents(in: environment, receivedFrom: period.start - .hours(1))
            else { return LineEvents() }
            let all = Locked((found: LineEvents(), units: Int128(0), scanned: 0))
            try store.forEachEntryInParallel(from: first) { sequence, entry in
                guard entry.kind == .events, entry.environment == environment else { return }
                var found: [LineEvents.Event] = []
                var units = Int128(0)
                var scanned = 0
                try EventBlock.forEach(in: entry.payload, received: entry.at) { index, event in
                    scanned += 1
                    guard event.isCounted, !event.isBackfill, event.company == company.ordinal,
                        period.contains(event.effective), let quantity = event.quantity(under: meter)
                    else { return true }
                    units += Int128(quantity)
                    found.append(
                        LineEvents.Event(
                            id: EventBlock.eventID(sequence: sequence, index: index), effectiveAt: event.effective,
                            capturedAt: entry.at, quantity: MeterUnit.quantity(quantity, ofMeter: meter.ordinal)))
                    return true
                }
                let count = all.withLock { all in
                    all.scanned += scanned
                    all.found.count += found.count
                    all.units += units
                    all.found.events += found
                    if all.found.events.count > 2 * most + 1000 { all.found.trim(to: most) }
                    return all.scanned
                }
                guard count <= Self.scannedEventsLimit else {
                    throw Refusal.invalid(
                        "more than \(Self.scannedEventsLimit) events came since \(period.start.rfc3339): the events "
                            + "behind the line cannot be listed any more")
                }
            }
            return all.withLock { all in
                all.found.trim(to: most)
                // A count has 64 bits, so that their sum has digits left for the places.
                all.found.sum = Decimal(coefficient: all.units, scale: MeterUnit.places(ofMeter: meter.ordinal))!
                all.found.events.removeFirst(min(offset, all.found.events.count))
                return all.found
            }
        }
    }
}

extension EventBlock.Event {
    /// What it adds to a meter; nil when that is nothing.
    fileprivate func quantity(under meter: Identifier<Meter>) -> Int64? {
        if self.meter == meter.ordinal { return quantity }
        return derived.first { $0.meter == meter.ordinal }?.value
    }
}
