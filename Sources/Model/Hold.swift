public import Basics

/// Units of a meter or of a trait that are set aside for a company: from their reservation until they are committed,
/// released, or expired. They count as used, and are never part of usage.
///
/// Expiry is a function of time and no event: what is not settled and whose `expiresAt` has come *is* expired. Rule:
/// Tollgate, "Consume and holds".
public struct Hold: Identified, Codable, Sendable, Equatable {
    public static let idPrefix = "hold"
    /// How long units are held when nobody says for how long, and at most.
    public static let usualSpan = TimeSpan.seconds(60)
    public static let longestSpan = TimeSpan.hours(1)

    public let id: Identifier<Hold>
    public let companyID: Identifier<Company>
    public let target: HoldTarget
    /// The feature that was named; nil when the event was, with all features that it meters.
    public let featureID: Identifier<Feature>?
    public let quantity: Int64
    public let expiresAt: Timestamp
    /// How it ended; nil while it is held, and when it expired.
    public var settlement: HoldSettlement?

    public init(
        id: Identifier<Hold>, companyID: Identifier<Company>, target: HoldTarget,
        featureID: Identifier<Feature>?, quantity: Int64, expiresAt: Timestamp
    ) {
        self.id = id
        self.companyID = companyID
        self.target = target
        self.featureID = featureID
        self.quantity = quantity
        self.expiresAt = expiresAt
    }

    public func status(at now: Timestamp) -> HoldStatus {
        guard let settlement else { return now < expiresAt ? .held : .expired }
        return settlement.committed == nil ? .released : .committed
    }
}

/// What the units are of: what their commit adds to.
public enum HoldTarget: Codable, Sendable, Hashable {
    case meter(Identifier<Meter>)
    case trait(Identifier<TraitDefinition>)
}

/// On the wire `status`.
public enum HoldStatus: String, Codable, Sendable, CaseIterable {
    case held, committed, released, expired
}

/// How a hold ended, and what was told then: whoever asks for the same again is told the same.
public struct HoldSettlement: Codable, Sendable, Equatable {
    /// The units that were counted as used; nil when the hold was released.
    public let committed: Int64?
    /// Of the limit's window, afterwards.
    public let usage: Int64
    /// What is held otherwise.
    public let reserved: Int64
    public let allocation: Int64?
    public let remaining: Int64?

    public init(committed: Int64?, usage: Int64, reserved: Int64, allocation: Int64?, remaining: Int64?) {
        self.committed = committed
        self.usage = usage
        self.reserved = reserved
        self.allocation = allocation
        self.remaining = remaining
    }
}
