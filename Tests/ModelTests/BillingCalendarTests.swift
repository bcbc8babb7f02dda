internal import Basics
internal import Foundation
internal import Model
internal import TestSupport
internal import Testing

@Suite struct BillingCalendarTests {
    @Test func `monthly from the 31st starts on the last day of shorter months`() throws {
        let calendar = BillingCalendar(anchor: try instant("2022-12-31"), zone: .utc, cadence: .monthly)
        let expected = [
            "2023-01-31", "2023-02-28", "2023-03-31", "2023-04-30", "2023-05-31", "2023-06-30", "2023-07-31",
            "2023-08-31",
            "2023-09-30", "2023-10-31", "2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31",
        ]
        #expect((1...15).map { calendar.period($0).start } == (try expected.map(instant)))
    }

    /// Columns: anchor, zone, cadence, asked at, index, start, end.
    @Test(
        arguments: rows(
            """
            2024-02-29           | UTC              | 12 months | 2025-02-20           | 0  | 2024-02-29           | 2025-02-28
            2024-02-29           | UTC              | 12 months | 2025-03-10           | 1  | 2025-02-28           | 2026-02-28
            2024-02-29           | UTC              | 1 years   | 2028-02-29           | 4  | 2028-02-29           | 2029-02-28
            2025-01-31T15:00Z    | UTC              | 1 months  | 2025-09-30T15:00Z    | 8  | 2025-09-30T15:00Z    | 2025-10-31T15:00Z
            2025-01-31T15:00Z    | UTC              | 1 months  | 2025-09-30T14:59:59Z | 7  | 2025-08-31T15:00Z    | 2025-09-30T15:00Z
            2025-01-31           | UTC              | 1 months  | 2024-12-31           | -1 | 2024-12-31           | 2025-01-31
            2025-01-31           | UTC              | 1 months  | 2024-12-30           | -2 | 2024-11-30           | 2024-12-31
            2025-11-30           | UTC              | 3 months  | 2026-03-01           | 1  | 2026-02-28           | 2026-05-30
            2025-08-31           | UTC              | 6 months  | 2026-02-28           | 1  | 2026-02-28           | 2026-08-31
            2025-01-01           | UTC              | 1 weeks   | 2025-01-15           | 2  | 2025-01-15           | 2025-01-22
            2025-01-01           | UTC              | 10 days   | 2025-01-10           | 0  | 2025-01-01           | 2025-01-11
            2025-01-01           | UTC              | 10 days   | 2024-12-31           | -1 | 2024-12-22           | 2025-01-01
            2023-03-01T05:00Z    | America/New_York | 1 months  | 2023-03-15           | 0  | 2023-03-01T05:00Z    | 2023-04-01T04:00Z
            2023-03-01T05:00Z    | America/New_York | 1 months  | 2023-04-15           | 1  | 2023-04-01T04:00Z    | 2023-05-01T04:00Z
            2025-03-08T07:30Z    | America/New_York | 1 days    | 2025-03-09T08:00Z    | 1  | 2025-03-09T07:30Z    | 2025-03-10T06:30Z
            2025-11-02T06:30Z    | America/New_York | 1 days    | 2025-11-02T06:15Z    | -1 | 2025-11-01T05:30Z    | 2025-11-02T06:30Z
            2025-11-02T06:30Z    | America/New_York | 1 days    | 2025-11-02T06:30Z    | 0  | 2025-11-02T06:30Z    | 2025-11-03T06:30Z
            2025-02-28T18:30Z    | Asia/Kolkata     | 1 months  | 2025-02-28T18:00Z    | -1 | 2025-01-31T18:30Z    | 2025-02-28T18:30Z
            2025-02-28T18:30Z    | Asia/Kolkata     | 1 months  | 2025-02-28T19:00Z    | 0  | 2025-02-28T18:30Z    | 2025-03-31T18:30Z
            2025-02-28T18:30Z    | Asia/Kolkata     | 1 months  | 2025-03-01T18:00Z    | 0  | 2025-02-28T18:30Z    | 2025-03-31T18:30Z
            2011-12-29T10:00Z    | Pacific/Apia     | 1 days    | 2011-12-30T10:00Z    | 2  | 2011-12-30T10:00Z    | 2011-12-31T10:00Z
            2010-11-01T02:30Z    | America/St_Johns | 1 days    | 2010-11-07T02:40Z    | 6  | 2010-11-07T02:30Z    | 2010-11-08T03:30Z
            """))
    func `the period that contains an instant`(row: [String]) throws {
        let zone = try #require(Zone(row[1]))
        let calendar = BillingCalendar(anchor: try instant(row[0]), zone: zone, cadence: try cadence(row[2]))
        let (index, found) = calendar.period(containing: try instant(row[3]))
        #expect(index == Int(row[4]))
        #expect(found == (try period(row[5], row[6])))
        #expect(calendar.period(index) == found)
    }

    @Test func `March in New York is 743 hours`() throws {
        let zone = try #require(Zone("America/New_York"))
        let calendar = BillingCalendar(anchor: try instant("2023-03-01T05:00Z"), zone: zone, cadence: .monthly)
        #expect(calendar.period(0).seconds == 743 * 3600)
    }

    @Test func `a date that the zone skipped makes a daily period empty`() throws {
        let zone = try #require(Zone("Pacific/Apia"))
        let calendar = BillingCalendar(anchor: try instant("2011-12-29T10:00Z"), zone: zone, cadence: .days(1))
        #expect(calendar.period(1).seconds == 0)
        #expect(!calendar.period(1).contains(calendar.period(1).start))
    }

    @Test func `seconds of the parts add up to those of the whole`() {
        let (start, cut, end) = (
            Timestamp(milliseconds: -1500), Timestamp(milliseconds: 999), Timestamp(milliseconds: 5001)
        )
        let parts = Period(start: start, end: cut).seconds + Period(start: cut, end: end).seconds
        #expect(parts == Period(start: start, end: end).seconds)
    }

    /// A sample of zones, anchors, cadences and years; all of them when `TOLLGATE_CALENDAR_FULL` is 1, which wants a
    /// release build and half a minute.
    @Test func `periods tile time in every zone`() throws {
        let full = ProcessInfo.processInfo.environment["TOLLGATE_CALENDAR_FULL"] == "1"
        var generator = SplitMix(seed: seed)
        let cadences: [Cadence] = [.monthly, .quarterly, .halfYearly, .yearly, .weekly, .days(10), .days(1)]
        for name in TimeZone.knownTimeZoneIdentifiers {
            let zone = try #require(Zone(name))
            for day in [1, 15, 28, 29, 30, 31] {
                for cadence in cadences {
                    // The anchor's day of the month means nothing to days.
                    let isChosen =
                        full ? cadence != .days(1) || day == 1 : Int.random(in: 0..<20, using: &generator) == 0
                    guard isChosen else { continue }
                    let minute = full ? 0 : Int64.random(in: 0..<1440, using: &generator)
                    let date = try #require(
                        CivilTime(year: 2000, month: 1, day: day, millisecondOfDay: minute * 60_000))
                    let calendar = BillingCalendar(anchor: date.instant(in: zone), zone: zone, cadence: cadence)
                    let last = calendar.period(containing: try instant("2040-01-01")).index
                    let first = full ? 0 : Int.random(in: 0..<last, using: &generator)
                    guard check(calendar, day: day, indices: first...(full ? last : min(last, first + 12))) else {
                        return
                    }
                }
            }
        }
    }

    /// Each period joins the next, contains its first and last millisecond, and starts on the anchor's date and time of
    /// day unless the clocks were moved in the day before. False at the first fault.
    private func check(_ calendar: BillingCalendar, day: Int, indices: ClosedRange<Int>) -> Bool {
        var previousEnd = calendar.period(indices.lowerBound).start
        let anchor = CivilTime(calendar.anchor, in: calendar.zone)
        for index in indices {
            let period = calendar.period(index)
            let start = CivilTime(period.start, in: calendar.zone)
            let dayBefore = Timestamp(milliseconds: period.start.milliseconds - 86_400_000)
            let clocksMoved =
                calendar.zone.offsetMilliseconds(at: dayBefore) != calendar.zone.offsetMilliseconds(at: period.start)
            var faults: [String] = []
            if period.start != previousEnd { faults.append("does not join the period before") }
            if period.start < period.end {
                let lastMillisecond = Timestamp(milliseconds: period.end.milliseconds - 1)
                if calendar.period(containing: period.start).index != index { faults.append("lacks its start") }
                if calendar.period(containing: lastMillisecond).index != index { faults.append("lacks its end") }
            } else if !clocksMoved {
                faults.append("is empty")
            }
            if !clocksMoved, start.millisecondOfDay != anchor.millisecondOfDay {
                faults.append("starts at another time")
            }
            if !clocksMoved, !startsOnDate(calendar, start, anchorDay: day) { faults.append("starts on another date") }
            guard faults.isEmpty else {
                Issue.record("\(calendar.zone.name) \(calendar.cadence) \(index) \(faults) \(start), seed \(seed)")
                return false
            }
            previousEnd = period.end
        }
        return true
    }

    private func startsOnDate(_ calendar: BillingCalendar, _ start: CivilTime, anchorDay: Int) -> Bool {
        switch calendar.cadence {
        case .days, .weeks: return true
        case .months, .years:
            let isLastOfMonth = CivilTime(year: start.year, month: start.month, day: start.day + 1) == nil
            return start.day == anchorDay || (start.day < anchorDay && isLastOfMonth)
        }
    }

    private func cadence(_ text: String) throws -> Cadence {
        let words = text.split(separator: " ")
        let count = try #require(Int(words[0]))
        return switch words[1] {
        case "days": .days(count)
        case "weeks": .weeks(count)
        case "months": .months(count)
        default: .years(count)
        }
    }
}
