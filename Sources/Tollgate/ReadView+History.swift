package import Basics
internal import Metering
package import Model
internal import Store

/// Use of one feature by one company in one bucket of time.
package struct UsageBucket: Sendable, Equatable {
    package let company: Identifier<Company>
    package let feature: Identifier<Feature>
    package let eventSubtype: String
    package let period: Period
    package let usage: Int64
}

package enum HistoryGranularity: String, Sendable, CaseIterable {
    case hourly, daily, weekly, monthly
}

extension ReadView {
    /// Incremental usage in buckets of UTC time, companies with no use left out.
    ///
    /// Rules: Schematic, `feature-usage-history`: bounds on full hours, at most 366 buckets, event features only.
    package func usageHistory(
        features: [Feature], companies: [Identifier<Company>], in range: Period, by granularity: HistoryGranularity,
        offset: Int, limit: Int
    ) throws -> [UsageBucket] {
        let buckets = try Self.buckets(of: range, granularity)
        var page = Page<UsageBucket>(offset: offset, limit: limit)
        for company in companies {
            for feature in features {
                guard let subtype = feature.eventSubtype, let meter = catalog.nouns.meterID(of: feature) else {
                    throw Refusal.invalid("feature \(feature.id) is not metered by events")
                }
                for usage in try usage(company, meter, in: buckets) where usage.sum != 0 {
                    let bucket = UsageBucket(
                        company: company, feature: feature.id, eventSubtype: subtype, period: usage.bucket,
                        usage: MeterUnit.whole(usage.sum, ofMeter: meter.ordinal))
                    guard page.take(bucket) else { return page.items }
                }
            }
        }
        return page.items
    }

    private func usage(
        _ company: Identifier<Company>, _ meter: Identifier<Meter>, in buckets: [Period]
    ) throws -> [(bucket: Period, sum: Int64)] {
        guard let first = buckets.first, let last = buckets.last else { return [] }
        let key = CounterKey(company: company, meter: meter)
        if MeterKind(ofMeter: meter.ordinal) != .additive {
            return Array(zip(buckets, try engine.counters.values(of: key, in: buckets)))
        }
        var sums = [Int64](repeating: 0, count: buckets.count)
        var index = 0
        try engine.counters.forEachBucket(of: key, from: first.start, to: last.end) { start, sum in
            // Nearly always the same one, or the next.
            if !buckets[index].contains(start) { index = buckets.firstIndex { $0.contains(start) }! }
            sums[index] += sum
        }
        return Array(zip(buckets, sums))
    }

    /// The stretches of UTC time that a range is made of.
    static func buckets(of range: Period, _ granularity: HistoryGranularity) throws(Refusal) -> [Period] {
        let hour = Int64(3_600_000)
        guard range.start.milliseconds % hour == 0, range.end.milliseconds % hour == 0 else {
            throw .invalid("start_time and end_time must be full hours in UTC")
        }
        var buckets: [Period] = []
        var start = range.start
        while start < range.end {
            guard buckets.count < 366 else {
                throw .invalid("the range has more than 366 \(granularity.rawValue) buckets")
            }
            let end = min(Self.end(of: start, granularity), range.end)
            buckets.append(Period(start: start, end: end))
            start = end
        }
        return buckets
    }

    private static func end(of start: Timestamp, _ granularity: HistoryGranularity) -> Timestamp {
        switch granularity {
        case .hourly: start + .hours(1)
        case .daily: UsageWindow(.currentDay, at: start).end!
        case .weekly: UsageWindow(.currentWeek, at: start).end!
        case .monthly: UsageWindow(.currentMonth, at: start).end!
        }
    }
}
