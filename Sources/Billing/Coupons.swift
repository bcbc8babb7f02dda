internal import Basics
internal import Catalog
public import Model
public import Store

/// Makes a coupon, or changes the one of that external id. What was given out stays as it was given.
public struct UpsertCoupon: Command {
    public static let name = "upsert_coupon"

    public let externalID: String
    public let couponName: String
    /// Exactly one of both is above 0. The amount is in minor units.
    public let amountOff: Int64
    public let percentOff: Decimal
    public var currency: Currency?
    public let duration: CouponDuration
    public let months: Int64
    /// 0: any number.
    public let maxRedemptions: Int64
    /// How often it was redeemed elsewhere; what was counted here is never lowered.
    public let timesRedeemed: Int64

    public init(
        externalID: String, name: String, amountOff: Int64, percentOff: Decimal, duration: CouponDuration,
        months: Int64, maxRedemptions: Int64, timesRedeemed: Int64
    ) {
        self.externalID = externalID
        couponName = name
        self.amountOff = amountOff
        self.percentOff = percentOff
        self.duration = duration
        self.months = months
        self.maxRedemptions = maxRedemptions
        self.timesRedeemed = timesRedeemed
    }

    public func apply(_ transaction: Transaction) throws -> Coupon {
        let reduction = try checkedReduction()
        try Self.check(externalID, "external_id")
        try Self.check(couponName, "name")
        guard maxRedemptions >= 0 else {
            throw Refusal.invalid("max_redemptions must be 0 or more, not \(maxRedemptions)")
        }
        guard timesRedeemed >= 0 else {
            throw Refusal.invalid("times_redeemed must be 0 or more, not \(timesRedeemed)")
        }
        let mostMonths: Int64 = 1200
        guard duration == .repeating ? (1...mostMonths).contains(months) : (0...mostMonths).contains(months) else {
            throw Refusal.invalid(
                "duration_in_months must be between 1 and \(mostMonths) for a repeating coupon, not \(months)")
        }
        var coupon =
            try transaction.coupon(named: externalID)
            ?? Coupon(
                id: transaction.newID(), externalID: externalID, name: couponName, reduction: reduction,
                duration: duration, months: months, maxRedemptions: maxRedemptions, timesRedeemed: 0,
                createdAt: transaction.now)
        coupon.name = couponName
        coupon.reduction = reduction
        coupon.duration = duration
        coupon.months = months
        coupon.maxRedemptions = maxRedemptions
        coupon.timesRedeemed = max(coupon.timesRedeemed, timesRedeemed)
        coupon.updatedAt = transaction.now
        try transaction.put(coupon)
        return coupon
    }

    private func checkedReduction() throws(Refusal) -> CouponReduction {
        guard amountOff >= 0 else { throw .invalid("amount_off must be 0 or more, not \(amountOff)") }
        let places = CouponReduction.maximumPercentPlaces
        guard percentOff >= 0, percentOff <= 100, percentOff.scale <= places else {
            throw .invalid(
                "percent_off must be between 0 and 100 with at most \(places) places, not \(percentOff)")
        }
        guard (amountOff > 0) != (percentOff > 0) else {
            throw .invalid(
                "exactly one of amount_off and percent_off must be above 0, not \(amountOff) and \(percentOff)")
        }
        guard amountOff > 0 else { return .percent(percentOff) }
        return .amount(Money(minorUnits: amountOff, currency: currency ?? .usd))
    }

    private static func check(_ text: String, _ field: String) throws(Refusal) {
        guard (1...255).contains(text.utf8.count) else {
            throw .invalid("\(field) must have 1 to 255 bytes, not \(text.utf8.count)")
        }
    }
}

/// Takes a coupon back: nobody can redeem it any more. Those who have it keep it.
public struct DeleteCoupon: Command {
    public static let name = "delete_coupon"

    /// The id, or the external id.
    public let couponID: String

    public init(couponID: String) {
        self.couponID = couponID
    }

    public func apply(_ transaction: Transaction) throws -> Coupon {
        let byID = try Identifier<Coupon>(couponID).flatMap { try transaction.get($0) }
        guard let coupon = try byID ?? transaction.coupon(named: couponID) else {
            throw Refusal.notFound("there is no coupon \"\(couponID)\"")
        }
        transaction.delete(coupon.id)
        return coupon
    }
}

extension Transaction {
    fileprivate func coupon(named externalID: String) throws -> Coupon? {
        try all(Coupon.self).first { $0.externalID == externalID }
    }

    /// Counts a coupon as given out once more.
    func redeem(_ coupon: Coupon) throws {
        var coupon = coupon
        coupon.timesRedeemed += 1
        coupon.updatedAt = now
        try put(coupon)
    }
}

extension ManagePlan {
    /// The coupon that the command names, by its external id or ours, for what the price will charge; nothing is
    /// redeemed yet.
    func coupon(for price: Price?, of company: Company, _ transaction: Transaction) throws -> Coupon? {
        guard let externalID = couponExternalID ?? promoCode else { return nil }
        func problem(_ why: String) -> PlanProblem {
            PlanProblem("discount_ineligible", "coupon \"\(externalID)\" \(why)")
        }
        let byID = try Identifier<Coupon>(externalID).flatMap { try transaction.get($0) }
        guard let coupon = try transaction.coupon(named: externalID) ?? byID else { throw problem("does not exist") }
        guard let price else { throw problem("is for plans that cost something") }
        let held = try company.subscriptionID.flatMap { try transaction.get($0) }?.discount
        let isHeld = held?.couponID == coupon.id && held?.isActive(at: transaction.now) == true
        if coupon.isExhausted, !isHeld {
            throw problem("was redeemed \(coupon.timesRedeemed) times, as often as it may be")
        }
        if case .amount(let amount) = coupon.reduction, amount.currency != price.currency {
            throw problem("is in \(amount.currency.code), the subscription in \(price.currency.code)")
        }
        return coupon
    }
}

extension Subscription {
    /// Redeems a coupon for this subscription, in place of the one it has. The same again changes nothing while it
    /// lasts.
    mutating func redeem(_ coupon: Coupon, _ transaction: Transaction) throws {
        if let discount, discount.couponID == coupon.id, discount.isActive(at: transaction.now) { return }
        try transaction.redeem(coupon)
        var endsAt: Timestamp?
        if coupon.duration == .repeating, let zone = Zone(timezone), let months = Int(exactly: coupon.months) {
            let cadence = PriceInterval(.month).cadence!
            endsAt = BillingCalendar(anchor: transaction.now, zone: zone, cadence: cadence).period(months).start
        }
        discount = SubscriptionDiscount(id: transaction.newID(), coupon, startedAt: transaction.now, endsAt: endsAt)
    }

    /// A coupon for one time ends with the first invoice that it has reduced.
    mutating func noteDiscount(of invoice: Invoice, at now: Timestamp) {
        guard let coupon = discount, coupon.duration == .once, coupon.isActive(at: now),
            invoice.lines.contains(where: { $0.derivation?.couponID == coupon.couponID && $0.amount < 0 })
        else { return }
        discount?.endsAt = now
    }
}
