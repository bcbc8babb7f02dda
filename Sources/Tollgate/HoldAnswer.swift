public import Basics
public import Model

/// "Set this aside, if it is still allowed." Names the feature, or the event that meters it.
public struct ReserveRequest: Codable, Sendable, Equatable {
    public var company: [String: String]
    public var event: String?
    /// A flag key or a feature id.
    public var feature: String?
    public var quantity: Int64
    /// Later than now, by an hour at most; nil is in 60 seconds.
    public var expiresAt: Timestamp?
    public var idempotencyKey: String?

    public init(
        company: [String: String], event: String? = nil, feature: String? = nil, quantity: Int64,
        expiresAt: Timestamp? = nil, idempotencyKey: String? = nil
    ) {
        self.company = company
        self.event = event
        self.feature = feature
        self.quantity = quantity
        self.expiresAt = expiresAt
        self.idempotencyKey = idempotencyKey
    }
}

/// What became of a hold, or why there is none, with the numbers that decided.
public struct HoldAnswer: Codable, Sendable, Equatable {
    public var allowed: Bool
    /// Nil when it was not allowed, as are status and expiry.
    public var id: Identifier<Hold>?
    public var status: HoldStatus?
    public var quantity: Int64
    /// What was counted of it as used; nil unless it was committed.
    public var committed: Int64?
    /// Of the limit's window.
    public var usage: Int64
    /// All that is held now, this hold included as long as it is.
    public var reserved: Int64
    /// Nil when no number limits the feature.
    public var allocation: Int64?
    /// Allocation − usage − reserved.
    public var remaining: Int64?
    public var expiresAt: Timestamp?
    public var reason: String
}

extension HoldAnswer {
    init(refusing quantity: Int64, reason: String, usage: Int64 = 0, reserved: Int64 = 0) {
        allowed = false
        self.quantity = quantity
        self.usage = usage
        self.reserved = reserved
        self.reason = reason
    }

    /// Of a hold that is there, without the limit's numbers.
    init(_ hold: Hold, _ status: HoldStatus, usage: Int64, reserved: Int64) {
        allowed = true
        id = hold.id
        self.status = status
        quantity = hold.quantity
        committed = hold.settlement?.committed
        self.usage = usage
        self.reserved = reserved
        expiresAt = hold.expiresAt
        reason =
            switch status {
            case .held: "Held"
            case .committed: "Committed"
            case .released: "Released"
            case .expired: "Expired"
            }
    }

    /// What was told when the hold was settled.
    init(_ hold: Hold, _ settlement: HoldSettlement) {
        self.init(
            hold, settlement.committed == nil ? .released : .committed, usage: settlement.usage,
            reserved: settlement.reserved)
        allocation = settlement.allocation
        remaining = settlement.remaining
    }
}
