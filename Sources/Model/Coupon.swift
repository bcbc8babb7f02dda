public import Basics

/// For how long a coupon reduces invoices.
public enum CouponDuration: String, Codable, Sendable, CaseIterable, Packed {
    /// The first invoice that has something to reduce.
    case once
    /// All that are issued within so many months.
    case repeating
    case forever
}

/// What a coupon takes off.
public enum CouponReduction: Codable, Sendable, Equatable {
    /// Of each base and usage line: 12.5 is 12.5 %.
    case percent(Decimal)
    /// Of each invoice in its currency.
    case amount(Money)

    public static let maximumPercentPlaces = 6
}

/// A promise to whoever names it when subscribing. What was given out stays as it was given.
public struct Coupon: Codable, Sendable, Identified {
    public static let idPrefix = "bcpn"

    public let id: Identifier<Coupon>
    /// What people call it: one coupon for each.
    public let externalID: String
    public var name: String
    public var reduction: CouponReduction
    public var duration: CouponDuration
    /// Of a repeating one.
    public var months: Int64
    /// 0: any number.
    public var maxRedemptions: Int64
    public var timesRedeemed: Int64
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<Coupon>, externalID: String, name: String, reduction: CouponReduction,
        duration: CouponDuration, months: Int64, maxRedemptions: Int64, timesRedeemed: Int64, createdAt: Timestamp
    ) {
        self.id = id
        self.externalID = externalID
        self.name = name
        self.reduction = reduction
        self.duration = duration
        self.months = months
        self.maxRedemptions = maxRedemptions
        self.timesRedeemed = timesRedeemed
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    public var isExhausted: Bool { maxRedemptions > 0 && timesRedeemed >= maxRedemptions }
}

/// A coupon that a subscription was given, with what it promised then.
public struct SubscriptionDiscount: Codable, Sendable, Identified, Equatable {
    public static let idPrefix = "bdsc"

    public let id: Identifier<SubscriptionDiscount>
    public let couponID: Identifier<Coupon>
    public let externalID: String
    public let name: String
    public let reduction: CouponReduction
    public let duration: CouponDuration
    public let months: Int64
    public let startedAt: Timestamp
    /// Invoices that are issued from then on are not reduced any more.
    public var endsAt: Timestamp?

    public init(id: Identifier<SubscriptionDiscount>, _ coupon: Coupon, startedAt: Timestamp, endsAt: Timestamp?) {
        self.id = id
        couponID = coupon.id
        externalID = coupon.externalID
        name = coupon.name
        reduction = coupon.reduction
        duration = coupon.duration
        months = coupon.months
        self.startedAt = startedAt
        self.endsAt = endsAt
    }

    public func isActive(at instant: Timestamp) -> Bool { endsAt.map { instant < $0 } ?? true }
}

// MARK: - Records

extension CouponReduction: Packed {
    /// One of the two is null.
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        switch self {
        case .percent(let percent):
            percent.pack(into: &writer)
            writer.writeNull()
        case .amount(let amount):
            writer.writeNull()
            amount.pack(into: &writer)
        }
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(2)
        switch (try Decimal?(unpacking: &reader), try Money?(unpacking: &reader)) {
        case (let percent?, nil): self = .percent(percent)
        case (nil, let amount?): self = .amount(amount)
        default: throw reader.unfit()
        }
    }
}

extension Money: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        minorUnits.pack(into: &writer)
        currency.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(2)
        minorUnits = try Int64(unpacking: &reader)
        currency = try Currency(unpacking: &reader)
    }
}

extension SubscriptionDiscount: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 9)
        id.pack(into: &writer)
        couponID.pack(into: &writer)
        externalID.pack(into: &writer)
        name.pack(into: &writer)
        reduction.pack(into: &writer)
        duration.pack(into: &writer)
        months.pack(into: &writer)
        startedAt.pack(into: &writer)
        endsAt.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(9)
        id = try Identifier<SubscriptionDiscount>(unpacking: &reader)
        couponID = try Identifier<Coupon>(unpacking: &reader)
        externalID = try String(unpacking: &reader)
        name = try String(unpacking: &reader)
        reduction = try CouponReduction(unpacking: &reader)
        duration = try CouponDuration(unpacking: &reader)
        months = try Int64(unpacking: &reader)
        startedAt = try Timestamp(unpacking: &reader)
        endsAt = try Timestamp?(unpacking: &reader)
    }
}
