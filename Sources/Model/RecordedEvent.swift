public import Basics

/// What an event reports. The raw value is part of the journal's format.
public enum EventType: UInt8, Sendable, CaseIterable {
    /// Use of a feature.
    case track = 1
    /// Who a user is, and of which company.
    case identify = 2
    /// That a flag was checked somewhere else.
    case flagCheck = 3
    /// A call of a language model.
    case inference = 4

    /// The wire's name.
    public var name: String {
        switch self {
        case .track: "track"
        case .identify: "identify"
        case .flagCheck: "flag_check"
        case .inference: "inference"
        }
    }
}

/// One accepted event as the journal keeps it.
public struct RecordedEvent: Sendable, Identified {
    public static let idPrefix = "evt"

    public let id: Identifier<RecordedEvent>
    public let type: EventType
    public var subtype: String?
    public var company: Identifier<Company>?
    public var user: Identifier<User>?
    public let quantity: Int64
    public let idempotencyKey: String?
    /// When it was received.
    public let capturedAt: Timestamp
    /// When it counts: the receipt, or `sentAt` of a trusted clock.
    public let effectiveAt: Timestamp
    public let isBackfill: Bool
    /// Stored for the record, but not counted, because the key that sent it is readonly.
    public var isFailed = false
    /// A JSON object: the traits of a track event, the body of the others. Empty when there was none.
    public let json: [UInt8]

    public init(
        id: Identifier<RecordedEvent>, type: EventType, quantity: Int64, idempotencyKey: String?, capturedAt: Timestamp,
        effectiveAt: Timestamp, isBackfill: Bool, json: [UInt8]
    ) {
        self.id = id
        self.type = type
        self.quantity = quantity
        self.idempotencyKey = idempotencyKey
        self.capturedAt = capturedAt
        self.effectiveAt = effectiveAt
        self.isBackfill = isBackfill
        self.json = json
    }
}
