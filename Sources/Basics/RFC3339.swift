/// The text form of instants on the wire, RFC 3339 section 5.6, in integer arithmetic.
extension Timestamp {
    /// Reads `2026-08-01T00:00:00Z`; nil when `text` is anything else.
    ///
    /// A space may stand for the `T`, and both letters may be small. Fractions of 1 to 9 digits are cut to
    /// milliseconds, offsets are ±hh:mm. Years are 0001–9999, as written and in UTC. Second 60 is refused: an instant
    /// in milliseconds since 1970 has no leap seconds.
    public init?(rfc3339 text: String) {
        var text = text
        guard let instant = text.withUTF8({ Timestamp(rfc3339: $0) }) else { return nil }
        self = instant
    }

    /// Reads the same from UTF-8 bytes.
    public init?(rfc3339 text: UnsafeBufferPointer<UInt8>) {
        var reader = InstantReader(text: text)
        guard let instant = reader.instant() else { return nil }
        self = instant
    }

    /// `2026-08-01T00:00:00Z`, or `2026-08-01T00:00:00.123Z` when the milliseconds are not 0. Always UTC.
    ///
    /// Outside the years 0001–9999 the year has a sign or more than four digits, which is no longer RFC 3339.
    public var rfc3339: String {
        let (day, time) = Self.floored(milliseconds, by: Day.milliseconds)
        let date = Day.civil(day)
        // The longest year of an Int64 of milliseconds has nine digits and a sign.
        return String(unsafeUninitializedCapacity: 32) { buffer in
            var writer = InstantWriter(buffer: buffer)
            if date.year < 0 { writer.put("-") }
            writer.put(abs(date.year), digits: 4)
            writer.put("-")
            writer.put(date.month, digits: 2)
            writer.put("-")
            writer.put(date.day, digits: 2)
            writer.put("T")
            writer.put(time / 3_600_000, digits: 2)
            writer.put(":")
            writer.put(time / 60_000 % 60, digits: 2)
            writer.put(":")
            writer.put(time / 1000 % 60, digits: 2)
            if time % 1000 != 0 {
                writer.put(".")
                writer.put(time % 1000, digits: 3)
            }
            writer.put("Z")
            return writer.count
        }
    }

    /// The quotient rounded towards the past and the remainder, which is never negative.
    private static func floored(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// The proleptic Gregorian calendar as days since 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last of its year, in eras of 400 years, which all have the
/// same 146,097 days.
private enum Day {
    static let milliseconds: Int64 = 86_400_000
    static let era: Int64 = 146_097
    /// Days from 0000-03-01 to 1970-01-01.
    static let epoch: Int64 = 719_468

    static func number(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = (month + 9) % 12
        let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
        return marchYear * 365 + leapDays + daysBefore(marchMonth) + day - 1 - epoch
    }

    static func civil(_ number: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = number + epoch
        let eraIndex = (shifted >= 0 ? shifted : shifted - era + 1) / era
        let dayOfEra = shifted - eraIndex * era
        // Takes out the leap days that precede this one, so that 365 divides evenly.
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (dayOfYear * 5 + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = eraIndex * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - daysBefore(marchMonth) + 1)
    }

    static func count(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days of a year from March before its month, March being 0: five months have 153 days, 31 30 31 30 31.
    private static func daysBefore(_ marchMonth: Int64) -> Int64 {
        (marchMonth * 153 + 2) / 5
    }
}

/// Reads one instant from the start of `text` to its end.
private struct InstantReader {
    let text: UnsafeBufferPointer<UInt8>
    var place = 0

    mutating func instant() -> Timestamp? {
        guard let year = number(digits: 4, in: 1...9999), take("-"),
            let month = number(digits: 2, in: 1...12), take("-"),
            let day = number(digits: 2, in: 1...Day.count(year: year, month: month)),
            take("T") || take("t") || take(" "),
            let hour = number(digits: 2, in: 0...23), take(":"),
            let minute = number(digits: 2, in: 0...59), take(":"),
            let second = number(digits: 2, in: 0...59),
            let fraction = fraction(),
            let offset = offsetMinutes(), place == text.count
        else { return nil }
        let minutes = (Day.number(year: year, month: month, day: day) * 24 + hour) * 60 + minute - offset
        let instant = Timestamp(milliseconds: (minutes * 60 + second) * 1000 + fraction)
        return Self.range.contains(instant.milliseconds) ? instant : nil
    }

    private static let range =
        Day.number(year: 1, month: 1, day: 1) * Day.milliseconds..<Day.number(year: 10_000, month: 1, day: 1)
        * Day.milliseconds

    /// The milliseconds of `.` and 1 to 9 digits; 0 when there is no point.
    private mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        var milliseconds: Int64 = 0
        var digits = 0
        while let digit = digit() {
            if digits < 3 { milliseconds = milliseconds * 10 + digit }
            digits += 1
        }
        guard (1...9).contains(digits) else { return nil }
        for _ in digits..<max(digits, 3) { milliseconds *= 10 }
        return milliseconds
    }

    private mutating func offsetMinutes() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let ahead = take("+")
        guard ahead || take("-"), let hours = number(digits: 2, in: 0...23), take(":"),
            let minutes = number(digits: 2, in: 0...59)
        else { return nil }
        return (ahead ? 1 : -1) * (hours * 60 + minutes)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard place < text.count, text[place] == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func number(digits: Int, in range: ClosedRange<Int64>) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return range.contains(number) ? number : nil
    }

    private mutating func digit() -> Int64? {
        guard place < text.count, case UInt8(ascii: "0")...UInt8(ascii: "9") = text[place] else { return nil }
        defer { place += 1 }
        return Int64(text[place] - UInt8(ascii: "0"))
    }
}

private struct InstantWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    var count = 0

    mutating func put(_ character: Unicode.Scalar) {
        buffer[count] = UInt8(ascii: character)
        count += 1
    }

    /// Writes at least `digits` digits.
    mutating func put(_ number: Int64, digits: Int) {
        if digits > 1 || number > 9 { put(number / 10, digits: digits - 1) }
        buffer[count] = UInt8(ascii: "0") + UInt8(number % 10)
        count += 1
    }
}
