internal import Basics
internal import Model
internal import TestSupport
internal import Testing

@Suite struct UsageWindowTests {
    @Test(
        arguments: rows(
            """
            current_day   | 2025-03-09T00:00Z    | 2025-03-09 | 2025-03-10
            current_day   | 2025-03-09T23:59:59Z | 2025-03-09 | 2025-03-10
            current_day   | 1969-12-31T23:59:59Z | 1969-12-31 | 1970-01-01
            current_week  | 2025-03-08T23:59:59Z | 2025-03-02 | 2025-03-09
            current_week  | 2025-03-09T00:00Z    | 2025-03-09 | 2025-03-16
            current_week  | 1970-01-01           | 1969-12-28 | 1970-01-04
            current_month | 2025-03-31T23:59:59Z | 2025-03-01 | 2025-04-01
            current_month | 2025-04-01           | 2025-04-01 | 2025-05-01
            current_month | 2024-12-15           | 2024-12-01 | 2025-01-01
            current_month | 2024-02-29           | 2024-02-01 | 2024-03-01
            """))
    func `days, weeks from Sunday and calendar months are UTC`(row: [String]) throws {
        let metricPeriod = try #require(MetricPeriod(rawValue: row[0]))
        let window = UsageWindow(metricPeriod, at: try instant(row[1]))
        #expect(window == UsageWindow(start: try instant(row[2]), end: try instant(row[3])))
        // Without a subscription a billing-cycle month is the calendar month.
        #expect(UsageWindow(metricPeriod, monthReset: .billingCycle, at: try instant(row[1])) == window)
    }

    @Test func `all time is open at both ends`() {
        let window = UsageWindow(.allTime, at: Timestamp(milliseconds: 0))
        #expect(window == UsageWindow(start: nil, end: nil))
        #expect(window.contains(Timestamp(milliseconds: .min)))
        #expect(window.contains(Timestamp(milliseconds: .max)))
    }

    @Test func `a window is half open`() throws {
        let window = UsageWindow(.currentDay, at: try instant("2025-03-09T12:00Z"))
        #expect(window.contains(try instant("2025-03-09")))
        #expect(!window.contains(try instant("2025-03-10")))
        #expect(!window.contains(try instant("2025-03-08T23:59:59Z")))
    }

    /// Columns: what, zone, anchor, subscription's period, now, window.
    @Test(
        arguments: rows(
            """
            a month              | UTC | 2025-01-15T10:00Z | 2025-01-15T10:00Z | 2026-01-15T10:00Z | 2025-03-20        | 2025-03-15T10:00Z | 2025-04-15T10:00Z
            just before          | UTC | 2025-01-15T10:00Z | 2025-01-15T10:00Z | 2026-01-15T10:00Z | 2025-03-15T09:59Z | 2025-02-15T10:00Z | 2025-03-15T10:00Z
            31st                 | UTC | 2025-01-31        | 2025-01-31        | 2026-01-31        | 2025-02-28        | 2025-02-28        | 2025-03-31
            31st, into April     | UTC | 2025-01-31        | 2025-01-31        | 2026-01-31        | 2025-04-30        | 2025-04-30        | 2025-05-31
            31st, leap year      | UTC | 2024-01-31T10:00Z | 2024-01-31T10:00Z | 2025-01-31T10:00Z | 2024-02-29T09:59Z | 2024-01-31T10:00Z | 2024-02-29T10:00Z
            30th                 | UTC | 2025-01-30        | 2025-01-30        | 2026-01-30        | 2025-02-28        | 2025-02-28        | 2025-03-30
            30th, after February | UTC | 2025-01-30        | 2025-01-30        | 2026-01-30        | 2025-03-29        | 2025-02-28        | 2025-03-30
            29th                 | UTC | 2025-01-29        | 2025-01-29        | 2026-01-29        | 2025-02-28        | 2025-02-28        | 2025-03-29
            29th, leap year      | UTC | 2024-01-29        | 2024-01-29        | 2025-01-29        | 2024-02-29        | 2024-02-29        | 2024-03-29
            29 Feb, next year    | UTC | 2024-02-29        | 2024-02-29        | 2025-02-28        | 2025-02-27        | 2025-01-29        | 2025-02-28
            31st, not yet        | UTC | 2025-01-31        | 2025-01-31        | 2026-01-31        | 2025-02-27        | 2025-01-31        | 2025-02-28
            anchor, not start    | UTC | 2025-01-31        | 2025-02-28        | 2025-03-31        | 2025-03-30        | 2025-02-28        | 2025-03-31
            in the future        | UTC | 2025-05-20        | 2025-05-20        | 2026-05-20        | 2025-03-10        | 2025-03-01        | 2025-04-01
            future, on the 31st  | UTC | 2025-03-31        | 2025-03-31        | 2026-03-31        | 2025-02-28        | 2025-02-01        | 2025-03-01
            just before start    | UTC | 2025-03-31        | 2025-03-31        | 2026-03-31        | 2025-03-30T23:59Z | 2025-03-01        | 2025-03-31
            at the start         | UTC | 2025-03-31        | 2025-03-31        | 2026-03-31        | 2025-03-31        | 2025-03-31        | 2025-04-30
            future, this month   | UTC | 2025-03-20        | 2025-03-20        | 2026-03-20        | 2025-03-10        | 2025-03-01        | 2025-03-20
            cut at period's end  | UTC | 2025-01-15        | 2025-01-15        | 2025-03-01        | 2025-02-20        | 2025-02-15        | 2025-03-01
            stub before anchor   | UTC | 2025-03-15        | 2025-03-01        | 2025-03-15        | 2025-03-05        | 2025-03-01        | 2025-03-15
            renewal not done yet | UTC | 2025-01-15        | 2025-01-15        | 2025-02-15        | 2025-02-15        | 2025-02-15        | 2025-03-15
            ended inside a month | UTC | 2025-01-15        | 2025-01-15        | 2025-03-01        | 2025-03-05        | 2025-03-01        | 2025-03-15
            over DST             | America/New_York | 2023-02-01T05:00Z | 2023-02-01T05:00Z | 2024-02-01T05:00Z | 2023-03-20 | 2023-03-01T05:00Z | 2023-04-01T04:00Z
            east of UTC          | Asia/Kathmandu   | 2025-01-30T18:15Z | 2025-01-30T18:15Z | 2026-01-30T18:15Z | 2025-02-27T18:15Z | 2025-02-27T18:15Z | 2025-03-30T18:15Z
            """))
    func `a billing-cycle month returns with the anchor's local date`(row: [String]) throws {
        let zone = try #require(Zone(row[1]))
        let cycle = BillingCycle(anchor: try instant(row[2]), zone: zone, period: try period(row[3], row[4]))
        let now = try instant(row[5])
        let window = UsageWindow(.currentMonth, monthReset: .billingCycle, at: now, cycle: cycle)
        #expect(window == UsageWindow(start: try instant(row[6]), end: try instant(row[7])), "\(row[0])")
        #expect(window.contains(now))
        #expect(
            UsageWindow(.currentMonth, monthReset: .firstOfMonth, at: now, cycle: cycle)
                == UsageWindow(.currentMonth, at: now))
    }

    @Test func `every window contains its instant and ends where the next begins`() throws {
        var generator = SplitMix(seed: seed)
        let zone = try #require(Zone("Europe/Berlin"))
        for _ in 0..<500 {
            let start = Timestamp(seconds: Int64.random(in: 1_500_000_000...1_900_000_000, using: &generator))
            let length = Int64.random(in: 1...30_000_000, using: &generator)
            let cycle = BillingCycle(
                anchor: start, zone: zone, period: Period(start: start, end: Timestamp(seconds: start.seconds + length))
            )
            let now = Timestamp(seconds: start.seconds + Int64.random(in: -9_000_000...90_000_000, using: &generator))
            for metricPeriod in MetricPeriod.allCases where metricPeriod != .allTime {
                let window = UsageWindow(metricPeriod, monthReset: .billingCycle, at: now, cycle: cycle)
                #expect(window.contains(now), "\(metricPeriod) at \(now) of \(cycle), seed \(seed)")
                let end = try #require(window.end)
                let next = UsageWindow(metricPeriod, monthReset: .billingCycle, at: end, cycle: cycle)
                // After a calendar month has been cut by a start to come, the cycle begins: they join either way.
                #expect(next.start == end, "\(metricPeriod) at \(now) of \(cycle), seed \(seed)")
            }
        }
    }
}
