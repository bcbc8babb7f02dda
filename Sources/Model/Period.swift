public import Basics

/// A half-open stretch of time `[start, end)`: an event at exactly `end` belongs to the next one.
public struct Period: Hashable, Sendable {
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

extension Period: Codable {
    private enum CodingKeys: CodingKey { case start, end }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        start = try fields.decode(Timestamp.self, forKey: .start)
        end = try fields.decode(Timestamp.self, forKey: .end)
        let (length, overflow) = end.milliseconds.subtractingReportingOverflow(start.milliseconds)
        guard length >= 0, !overflow else {
            throw DecodingError.dataCorruptedError(
                forKey: .end, in: fields,
                debugDescription: "A period ends at its start or later, and its length fits a span.")
        }
    }
}
