public import Basics

/// What is counted under one event name in one environment: the sum of its events' quantities.
public struct Meter: Codable, Sendable, Identified {
    public static let idPrefix = "mtr"

    public let id: Identifier<Meter>
    public let eventSubtype: String

    public init(id: Identifier<Meter>, eventSubtype: String) {
        self.id = id
        self.eventSubtype = eventSubtype
    }
}
