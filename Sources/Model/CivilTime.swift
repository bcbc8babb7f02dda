public import Basics

/// A date and time of day as calendars and clocks show it, in the proleptic Gregorian calendar, without a zone.
public struct CivilTime: Hashable, Sendable {
    public let year: Int
    /// 1…12.
    public let month: Int
    /// 1…31, within the month.
    public let day: Int
    /// Since local midnight, 0 ..< 86,400,000.
    public let millisecondOfDay: Int64

    /// Nil when there is no such date or time of day.
    public init?(year: Int, month: Int, day: Int, millisecondOfDay: Int64 = 0) {
        guard (1...12).contains(month), day >= 1, day <= Self.days(inMonth: month, of: year),
            (0..<millisecondsPerDay).contains(millisecondOfDay)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.millisecondOfDay = millisecondOfDay
    }

    /// What clocks in `zone` show at `instant`.
    public init(_ instant: Timestamp, in zone: Zone) {
        self.init(localMilliseconds: instant.milliseconds + zone.offsetMilliseconds(at: instant))
    }

    /// What clocks in UTC show at `instant`: integer arithmetic only.
    public init(utc instant: Timestamp) {
        self.init(localMilliseconds: instant.milliseconds)
    }

    /// The instant at which clocks in UTC show this.
    public var utcInstant: Timestamp { Timestamp(milliseconds: localMilliseconds) }

    /// The instant at which clocks in `zone` show this. A time that does not exist there moves forward by the gap;
    /// one that exists twice is the first of the two.
    public func instant(in zone: Zone) -> Timestamp {
        // No zone was ever 16 hours from UTC, so the instant lies between these two, and one of their offsets holds.
        let local = localMilliseconds
        let before = zone.offsetMilliseconds(at: Timestamp(milliseconds: local - 16 * millisecondsPerHour))
        let after = zone.offsetMilliseconds(at: Timestamp(milliseconds: local + 16 * millisecondsPerHour))
        let first = Timestamp(milliseconds: local - before)
        if before == after || zone.offsetMilliseconds(at: first) == before { return first }
        let second = Timestamp(milliseconds: local - after)
        // In the gap neither offset holds; the old one lands as far behind the gap as the time is inside it.
        return zone.offsetMilliseconds(at: second) == after ? second : first
    }

    /// The same time of day, `months` later (or earlier); the day is cut to the length of that month.
    public func adding(months: Int) -> CivilTime {
        let monthsFromZero = year * 12 + (month - 1) + months
        let newYear = monthsFromZero.floorDivided(by: 12)
        let newMonth = monthsFromZero - newYear * 12 + 1
        let newDay = min(day, Self.days(inMonth: newMonth, of: newYear))
        return CivilTime(year: newYear, month: newMonth, day: newDay, millisecondOfDay: millisecondOfDay)!
    }

    /// The same time of day, `days` later (or earlier) by the calendar: not always a multiple of 24 hours.
    public func adding(days: Int) -> CivilTime {
        CivilTime(localMilliseconds: localMilliseconds + Int64(days) * millisecondsPerDay)
    }
}

// MARK: - Days and dates

extension CivilTime {
    /// Days since 1970-01-01.
    var dayNumber: Int { Self.dayNumber(ofYear: year) + Self.daysBeforeMonth(month, of: year) + day - 1 }

    private var localMilliseconds: Int64 { Int64(dayNumber) * millisecondsPerDay + millisecondOfDay }

    private init(localMilliseconds: Int64) {
        let dayNumber = Int(localMilliseconds.floorDivided(by: millisecondsPerDay))
        // 400 Gregorian years are 146,097 days: the mean year gives the year, or one beside it.
        var year = 1970 + (dayNumber * 400).floorDivided(by: 146_097)
        while Self.dayNumber(ofYear: year) > dayNumber { year -= 1 }
        while Self.dayNumber(ofYear: year + 1) <= dayNumber { year += 1 }
        let dayOfYear = dayNumber - Self.dayNumber(ofYear: year)
        // No month is longer than 31 days, so this is the month or the one before it.
        var month = min(12, dayOfYear / 31 + 1)
        if month < 12, Self.daysBeforeMonth(month + 1, of: year) <= dayOfYear { month += 1 }
        self.year = year
        self.month = month
        day = dayOfYear - Self.daysBeforeMonth(month, of: year) + 1
        millisecondOfDay = localMilliseconds - Int64(dayNumber) * millisecondsPerDay
    }

    private static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to 1 January of `year`.
    private static func dayNumber(ofYear year: Int) -> Int {
        let past = year - 1
        let leapDays = past.floorDivided(by: 4) - past.floorDivided(by: 100) + past.floorDivided(by: 400)
        // 719,162 days lie between 0001-01-01 and 1970-01-01.
        return past * 365 + leapDays - 719_162
    }

    /// Days from 1 January to the 1st of `month`. Five months are 153 days, counted from March; what January and
    /// February differ from that is put right for the months behind them.
    private static func daysBeforeMonth(_ month: Int, of year: Int) -> Int {
        guard month > 2 else { return month == 1 ? 0 : 31 }
        return (153 * (month - 3) + 2) / 5 + (isLeap(year) ? 60 : 59)
    }
}

let millisecondsPerHour: Int64 = 3_600_000
let millisecondsPerDay: Int64 = 86_400_000

extension BinaryInteger {
    /// The quotient rounded towards the past, also for negative numbers.
    func floorDivided(by divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
