internal import EventScanner
public import Basics
public import Model

/// One use of a feature, in process.
public struct UsageEvent: Sendable {
    public var company: [String: String]
    public var user: [String: String] = [:]
    public var event: String
    public var quantity: Int64
    /// What features may filter by, sum up or count beside the quantity.
    public var traits: [String: TraitValue] = [:]
    /// The same key again within the dedupe window is the same event.
    public var idempotencyKey: String?
    /// The time that counts instead of the receipt, when `trustsSentAt` or `isBackfill` is set.
    public var sentAt: Timestamp?
    public var trustsSentAt = false
    /// Counts as usage, but is never billed.
    public var isBackfill = false
    /// The hold that it settles: its units are given back, and the quantity, which may be 0 or more than was held, is
    /// counted. Where there is no such hold any more the event is one like any other.
    public var reservationID: Identifier<Hold>?

    public init(company: [String: String], event: String, quantity: Int64 = 1, idempotencyKey: String? = nil) {
        self.company = company
        self.event = event
        self.quantity = quantity
        self.idempotencyKey = idempotencyKey
    }
}

/// Uses of features that are counted together: packed as they are added, which is the cheapest way to track many.
public struct UsageBatch: Sendable {
    private(set) var buffer = EventBuffer()

    public init() {}

    public init(_ events: [UsageEvent]) {
        for event in events { append(event) }
    }

    public var count: Int { buffer.count }

    public mutating func append(_ event: UsageEvent) {
        buffer.begin(
            event.event, quantity: event.quantity, idempotencyKey: event.idempotencyKey,
            sentAt: event.sentAt?.rfc3339, isTrusted: event.trustsSentAt, isBackfill: event.isBackfill,
            reservationID: event.reservationID?.description)
        for (name, value) in event.company { buffer.addCompanyKey(name, value) }
        for (name, value) in event.user { buffer.addUserKey(name, value) }
        if !event.traits.isEmpty { buffer.setTraits(TraitValue.object(event.traits).json) }
    }

    /// Adds what nearly every event is: a quantity used by a company that one key names.
    public mutating func append(
        _ event: String, company: (key: String, value: String), quantity: Int64 = 1, idempotencyKey: String? = nil
    ) {
        buffer.begin(
            event, quantity: quantity, idempotencyKey: idempotencyKey, sentAt: nil, isTrusted: false,
            isBackfill: false)
        buffer.addCompanyKey(company.key, company.value)
    }
}
