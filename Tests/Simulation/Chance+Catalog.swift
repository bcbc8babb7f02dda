internal import Plain

/// Catalogs by chance: small numbers, so that limits and tiers are reached.
extension Chance {
    static let events = ["calls", "bytes", "seats"]
    static let trait = "desks_used"

    mutating func features() -> [Plain.Feature] {
        // Two features that one event meters, and one that nothing meters.
        [
            Feature(key: "calls", event: "calls"), Feature(key: "bytes", event: "bytes"),
            Feature(key: "burst", event: "calls"), Feature(key: "sso"),
            Feature(key: "seats", event: "seats"), Feature(key: "desks", trait: Self.trait),
        ]
    }

    /// Of an add-on: of few features, so that it can often be had beside others that price them.
    mutating func version(of features: [Plain.Feature], free: Bool, isAddOn: Bool) -> Version {
        var base: Version.Base?
        if !free {
            let intervals: [Interval] = [
                .months(1), .months(1), .months(1), .months(3), .months(12), .days(7), .days(10),
            ]
            base = Version.Base(amount: random.pick([0, 1000, 2500, 4999]), interval: random.pick(intervals))
        }
        // Use is priced by the month, the quarter and the year.
        let isPriced: Bool
        if case .months = base?.interval { isPriced = true } else { isPriced = false }
        var terms: [Terms] = []
        for (number, feature) in features.enumerated() where random.once(in: 4) == isAddOn {
            terms.append(self.terms(number, feature, isPriced: isPriced && !random.once(in: 4)))
        }
        return Version(base: base, terms: terms)
    }

    mutating func terms(_ number: Int, _ feature: Plain.Feature, isPriced: Bool) -> Terms {
        if feature.trait != nil {
            let isUnlimited = random.once(in: 4)
            return Terms(feature: number, allowance: isUnlimited ? .unlimited : .limited(random.number(0...60)))
        }
        guard feature.event != nil else { return Terms(feature: number, allowance: random.once(in: 3) ? .off : .on) }
        var terms = Terms(feature: number, allowance: .unlimited, span: span())
        guard isPriced else {
            if !random.once(in: 4) { terms.allowance = .limited(random.number(0...80)) }
            return terms
        }
        let unit = random.pick([1, 7, 33, 50, 125, 1000])
        switch random.number(0...4) {
        case 0: terms.price = .perUnit(unit)
        case 1: terms.price = .overage(included: random.number(0...40), unit: unit)
        case 2: terms.price = .graduated(tiers())
        case 3: terms.price = .volume(tiers())
        default:
            let quantity = random.number(0...20)
            terms.allowance = .limited(quantity)
            terms.price = .ahead(quantity: quantity, unit: unit)
            return terms
        }
        if random.once(in: 3) { terms.allowance = .limited(random.number(40...200)) }
        if random.once(in: 4) { terms.minimum = random.number(1...100) }
        if random.once(in: 4) { terms.maximum = random.number(100...500) }
        if random.once(in: 6) { terms.threshold = random.number(1...150) }
        if case .overage = terms.price, random.once(in: 2) {
            terms.cadence = Terms.Cadence(months: random.pick([1, 1, 3]), isOfCalendar: random.once(in: 2))
        }
        return terms
    }

    func coupons() -> [Plain.Coupon] {
        [
            Coupon(.share(12_500), .once, most: 0), Coupon(.share(33_333), .months(2), most: 2),
            Coupon(.amount(700), .forever, most: 0), Coupon(.amount(5000), .once, most: 3),
            Coupon(.share(100_000), .months(1), most: 0),
        ]
    }

    /// None to three, some of them contained in prices.
    mutating func taxes() -> [Tax] {
        (0..<random.number(0...3)).map { _ in
            Tax(share: random.pick([8_875, 19_000, 3_000, 333]), isContained: random.once(in: 2))
        }
    }

    private mutating func tiers() -> [Tier] {
        var tiers: [Tier] = []
        var upTo = 0
        for _ in 0..<random.number(0...3) {
            upTo += random.number(1...30)
            tiers.append(tier(upTo: upTo))
        }
        return tiers + [tier(upTo: nil)]
    }

    private mutating func tier(upTo: Int?) -> Tier {
        Tier(upTo: upTo, unit: random.pick([0, 5, 50, 150, 700]), flat: random.pick([0, 0, 0, 250, 10_000]))
    }

    mutating func span() -> Span? {
        random.pick([nil, .allTime, .day, .week, .month, .month, .cycle, .cycle])
    }
}
