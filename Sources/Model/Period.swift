public import Basics

/// A half-open stretch of time `[start, end)`: an event at exactly `end` belongs to the next one.
public struct Period: Hashable, Sendable, Codable {
    public let start: Timestamp
    public let end: Timestamp

    public init(start: Timestamp, end: Timestamp) {
        precondition(start <= end, "a period cannot end at \(end) before it starts at \(start)")
        self.start = start
        self.end = end
    }

    public func contains(_ instant: Timestamp) -> Bool { start <= instant && instant < end }

    /// Whole seconds, the basis of proration. Both ends are rounded down, so that the parts of a divided period add up
    /// to the whole.
    public var seconds: Int64 { end.seconds - start.seconds }
}
