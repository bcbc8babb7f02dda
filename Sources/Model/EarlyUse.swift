public import Basics

/// How much of a feature's use in the running billing period has been billed before the period's end, all such invoices
/// together.
public struct EarlyUse: Codable, Sendable, Equatable {
    public let featureID: Identifier<Feature>
    public var quantity: Decimal
    /// Minor units.
    public var amount: Int64

    public init(featureID: Identifier<Feature>, quantity: Decimal, amount: Int64) {
        self.featureID = featureID
        self.quantity = quantity
        self.amount = amount
    }
}

extension EarlyUse: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 3)
        featureID.pack(into: &writer)
        quantity.pack(into: &writer)
        amount.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(3)
        featureID = try Identifier<Feature>(unpacking: &reader)
        quantity = try Decimal(unpacking: &reader)
        amount = try Int64(unpacking: &reader)
    }
}

/// How often use is billed within a billing period that is longer.
public enum OverageCadence: String, Codable, Sendable, CaseIterable {
    case endOfBillingPeriod = "end_of_billing_period"
    case monthly, quarterly

    /// Months from one invoice to the next; nil when there is only the period's end.
    public var months: Int? {
        switch self {
        case .endOfBillingPeriod: nil
        case .monthly: 1
        case .quarterly: 3
        }
    }
}

/// What the months of a cadence are counted from.
public enum OverageAnchor: String, Codable, Sendable, CaseIterable {
    /// The billing period's start.
    case billingPeriodStart = "billing_period_start"
    /// The ends of calendar months, in the subscription's zone.
    case monthEnd = "month_end"
}
