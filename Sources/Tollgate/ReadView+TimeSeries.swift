package import Basics
package import Entitlements
internal import Metering
package import Model

/// How the use of a feature grew in each period of its limit.
package struct UsageTimeSeries: Sendable {
    /// A stretch of time, and what had been used in the limit's period when it ended.
    package struct Point: Sendable {
        package let bucket: Period
        package let usage: Int64
    }

    package let points: [Point]
    /// The present one, and since when it has been so; nil where the company has no entitlement.
    package let grant: (grant: Grant, since: Timestamp)?
}

extension ReadView {
    /// Buckets of UTC time that have begun. Features that are not metered by events have no points.
    package func usageTimeSeries(
        of feature: Feature, company: Company, in range: Period, by granularity: HistoryGranularity
    ) throws -> UsageTimeSeries {
        let buckets = try Self.buckets(of: range, granularity).filter { $0.start < now }
        guard let state = try runtime.company(company.id), let meter = catalog.nouns.meterID(of: feature) else {
            return UsageTimeSeries(points: [], grant: nil)
        }
        let grant = state.standing.effectiveGrant(of: feature.id, at: now)
        let value = grant?.terms.value
        let starts = buckets.map { bucket in
            state.usageWindow(
                period: value?.metricPeriod, reset: value?.metricPeriodMonthReset,
                at: bucket.end - TimeSpan(milliseconds: 1)
            ).start ?? Timestamp(milliseconds: 0)
        }
        let periods = zip(buckets, starts).map { Period(start: $1, end: $0.end) }
        let points = try zip(buckets, usage(of: CounterKey(company: company.id, meter: meter), in: periods))
            .map { UsageTimeSeries.Point(bucket: $0, usage: MeterUnit.whole($1, ofMeter: meter.ordinal)) }
        let since = grant?.terms.overrideID.flatMap { id in state.overrides.first { $0.id == id }?.createdAt }
        return UsageTimeSeries(
            points: points, grant: grant.map { ($0, since ?? company.plan?.assignedAt ?? company.createdAt) })
    }

    /// In each of some periods, which may overlap.
    private func usage(of key: CounterKey, in periods: [Period]) throws -> [Int64] {
        guard MeterKind(ofMeter: key.meter) == .additive else {
            return try engine.counters.values(of: key, in: periods)
        }
        guard let start = periods.map(\.start).min(), let end = periods.map(\.end).max() else { return [] }
        var gains: [(start: Timestamp, sum: Int64)] = []
        try engine.counters.forEachBucket(of: key, from: start, to: end) { gains.append(($0, $1)) }
        let growth = Growth(gains)
        return periods.map { growth.sum(before: $0.end) - growth.sum(before: $0.start) }
    }
}

/// Sums of gains from the first on, by time.
private struct Growth {
    private var sums: [(start: Timestamp, sum: Int64)] = []

    init(_ gains: [(start: Timestamp, sum: Int64)]) {
        var sum: Int64 = 0
        for gain in gains.sorted(by: { $0.start < $1.start }) {
            sum += gain.sum
            sums.append((gain.start, sum))
        }
    }

    /// Of all gains that begin before an instant.
    func sum(before instant: Timestamp) -> Int64 {
        var (low, high) = (0, sums.count)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle].start < instant { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? 0 : sums[low - 1].sum
    }
}
