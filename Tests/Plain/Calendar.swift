/// Milliseconds since the beginning of 1970 in UTC.
package typealias Instant = Int

/// Dates by counting days, from 2000 on.
package enum Calendar {
    package static let second = 1000
    package static let hour = 3_600_000
    package static let day = 86_400_000

    private static let firstYear = 2000
    /// The days from 1970 to 2000.
    private static let firstDay = 10_957

    struct Date {
        var year: Int
        /// 0 to 11.
        var month: Int
        /// 0 to 30.
        var day: Int
    }

    private static func daysOfYear(_ year: Int) -> Int {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365
    }

    private static func daysOfMonth(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 1: daysOfYear(year) - 337
        case 3, 5, 8, 10: 30
        default: 31
        }
    }

    static func date(_ dayNumber: Int) -> Date {
        precondition(dayNumber >= firstDay, "the plain calendar begins in 2000")
        var date = Date(year: firstYear, month: 0, day: dayNumber - firstDay)
        while date.day >= daysOfYear(date.year) {
            date.day -= daysOfYear(date.year)
            date.year += 1
        }
        while date.day >= daysOfMonth(date.month, date.year) {
            date.day -= daysOfMonth(date.month, date.year)
            date.month += 1
        }
        return date
    }

    private static func dayNumber(_ date: Date) -> Int {
        var number = firstDay + date.day
        for year in firstYear..<date.year { number += daysOfYear(year) }
        for month in 0..<date.month { number += daysOfMonth(month, date.year) }
        return number
    }

    /// The same local time so many months later or earlier, on the last day of a month that is too short. `offset` is
    /// how far local time is ahead of UTC.
    static func adding(months: Int, to instant: Instant, offset: Int) -> Instant {
        let local = instant + offset
        var date = date(local / day)
        date.month += months
        while date.month < 0 {
            date.month += 12
            date.year -= 1
        }
        date.year += date.month / 12
        date.month %= 12
        date.day = min(date.day, daysOfMonth(date.month, date.year) - 1)
        return dayNumber(date) * day + local % day - offset
    }

    /// The start of the UTC month that holds the instant, and of the next one.
    package static func month(of instant: Instant) -> (start: Instant, end: Instant) {
        let start = (instant / day - date(instant / day).day) * day
        return (start, adding(months: 1, to: start, offset: 0))
    }

    /// Weeks begin on Sunday; 1970 began on a Thursday.
    package static func week(of instant: Instant) -> (start: Instant, end: Instant) {
        let dayNumber = instant / day
        let start = (dayNumber - (dayNumber + 4) % 7) * day
        return (start, start + 7 * day)
    }
}

/// How often a subscription is billed.
package enum Interval: Equatable, Sendable {
    case days(Int)
    case months(Int)

    /// The instant so many intervals after the anchor.
    func start(_ index: Int, anchor: Instant, offset: Int) -> Instant {
        if index == 0 { return anchor }
        return switch self {
        case .days(let count): anchor + index * count * Calendar.day
        case .months(let count): Calendar.adding(months: index * count, to: anchor, offset: offset)
        }
    }

    /// The interval that holds an instant not before the anchor, found by walking there.
    func containing(_ instant: Instant, anchor: Instant, offset: Int) -> (start: Instant, end: Instant) {
        var index = 0
        var start = anchor
        while true {
            let end = self.start(index + 1, anchor: anchor, offset: offset)
            if instant < end { return (start, end) }
            (index, start) = (index + 1, end)
        }
    }
}
