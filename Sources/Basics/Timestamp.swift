/// An instant as whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Every time in Tollgate is one of these: events, periods, expiries. Milliseconds are the resolution of the wire
/// contract, and an integer compares exactly at a period's boundary.
public struct Timestamp: Hashable, Comparable, Sendable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    public init(seconds: Int64) {
        self.milliseconds = seconds * 1000
    }

    /// Whole seconds since 1970, rounded towards the past: the form of `period_start` and `period_end` on the wire.
    public var seconds: Int64 {
        milliseconds >= 0 ? milliseconds / 1000 : -((999 - milliseconds) / 1000)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    public static func + (instant: Timestamp, span: TimeSpan) -> Timestamp {
        Timestamp(milliseconds: instant.milliseconds + span.milliseconds)
    }

    public static func - (instant: Timestamp, span: TimeSpan) -> Timestamp {
        Timestamp(milliseconds: instant.milliseconds - span.milliseconds)
    }

    public static func - (left: Timestamp, right: Timestamp) -> TimeSpan {
        TimeSpan(milliseconds: left.milliseconds - right.milliseconds)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

/// A length of physical time in milliseconds. Calendar lengths (a month, a year) are not spans: see `BillingCalendar`.
public struct TimeSpan: Hashable, Comparable, Sendable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    public static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count * 1000) }
    public static func minutes(_ count: Int64) -> TimeSpan { seconds(count * 60) }
    public static func hours(_ count: Int64) -> TimeSpan { minutes(count * 60) }
    public static func days(_ count: Int64) -> TimeSpan { hours(count * 24) }

    public static func < (left: TimeSpan, right: TimeSpan) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
