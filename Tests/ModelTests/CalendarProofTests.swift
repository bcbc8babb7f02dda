internal import Basics
internal import Foundation
internal import Model
internal import TestSupport
internal import Testing

/// The billing calendar for every zone of tzdata: anchors on the 1st, 15th and 28th to 31st, in January and in February
/// of 2000, at midnight, at 02:30 and at 23:59; monthly, quarterly, yearly; all periods up to 2041.
///
/// A sample of them; all when `TOLLGATE_CALENDAR_FULL` is 1, which prints what `docs/calendar.md` shows.
@Suite struct BillingCalendarProofTests {
    /// The days that the longest period of a cadence has by the calendar, and those that clocks may add.
    private static let nominalDays: [(cadence: Cadence, days: Int64)] = [
        (.monthly, 31), (.quarterly, 92), (.yearly, 366),
    ]
    private static let allowance = 2.0

    @Test func `no period of months is empty, or two days longer than its calendar says`() throws {
        let full = ProcessInfo.processInfo.environment["TOLLGATE_CALENDAR_FULL"] == "1"
        var generator = SplitMix(seed: seed)
        let end = try instant("2041-01-01")
        var findings = Self.nominalDays.map { Findings(cadence: $0.cadence, nominalDays: $0.days) }
        let zones = try Self.zones()
        for zone in zones {
            for anchor in Self.anchors(in: zone) {
                for index in findings.indices where full || Int.random(in: 0..<200, using: &generator) == 0 {
                    try check(
                        BillingCalendar(anchor: anchor, zone: zone, cadence: findings[index].cadence), until: end,
                        &findings[index])
                }
            }
        }
        #expect(zones.count > 400)
        if full { for finding in findings { print("\(zones.count) zones, \(finding)") } }
    }

    /// What was seen of one cadence.
    private struct Findings: CustomStringConvertible {
        let cadence: Cadence
        let nominalDays: Int64
        var calendars = 0
        var periods = 0
        var shortest = (days: Double.infinity, where: "")
        var longest = (days: 0.0, where: "")

        var description: String {
            "\(cadence): \(calendars) calendars, \(periods) periods, from \(shortest.days) days (\(shortest.where)) to "
                + "\(longest.days) (\(longest.where))"
        }
    }

    private func check(_ calendar: BillingCalendar, until end: Timestamp, _ findings: inout Findings) throws {
        findings.calendars += 1
        var index = 0
        var period = calendar.period(0)
        while period.start < end {
            // Thousandths of a day, so that what is printed is short.
            let days = (Double(period.end.milliseconds - period.start.milliseconds) / 86_400).rounded() / 1000
            let place =
                "\(calendar.zone.name) from \(calendar.anchor.rfc3339), period \(index), \(period.start.rfc3339)"
            try #require(period.start < period.end, "\(place) is empty, seed \(seed)")
            try #require(
                days <= Double(findings.nominalDays) + Self.allowance, "\(place) has \(days) days, seed \(seed)")
            try #require(calendar.period(containing: period.start).index == index, "\(place) lacks its start")
            let last = Timestamp(milliseconds: period.end.milliseconds - 1)
            try #require(calendar.period(containing: last).index == index, "\(place) lacks its end")
            findings.periods += 1
            if days < findings.shortest.days { findings.shortest = (days, place) }
            if findings.longest.days < days { findings.longest = (days, place) }
            index += 1
            let next = calendar.period(index)
            try #require(next.start == period.end, "\(place) does not join the next, seed \(seed)")
            period = next
        }
    }

    /// All zones and links of the tzdata installed that have a place in their name, and what Foundation knows beside.
    private static func zones() throws -> [Zone] {
        let lines = try String(contentsOfFile: "/usr/share/zoneinfo/tzdata.zi", encoding: .utf8).split(separator: "\n")
        let names = lines.compactMap { line -> Substring? in
            let words = line.split(separator: " ")
            return switch words.first {
            case "Z": words[1]
            case "L": words[2]
            default: nil
            }
        }
        let all = Set(names.map(String.init)).union(TimeZone.knownTimeZoneIdentifiers)
        return all.sorted().compactMap { Zone($0) }
    }

    private static func anchors(in zone: Zone) -> [Timestamp] {
        [1, 2].flatMap { month in
            [1, 15, 28, 29, 30, 31].flatMap { day in
                [Int64(0), 150, 1439].compactMap { minute in
                    CivilTime(year: 2000, month: month, day: day, millisecondOfDay: minute * 60_000)?.instant(in: zone)
                }
            }
        }
    }
}
