internal import Model
internal import Testing

@Suite struct PriceModelTests {
    private static let open = PriceTier(upTo: nil, unitAmount: 1)

    private static func tier(_ upTo: Decimal) -> PriceTier { PriceTier(upTo: upTo, unitAmount: 1) }

    @Test(arguments: [
        [open],
        [tier(1), open],
        [tier(Decimal("0.000000001")!), tier(1), open],
        [PriceTier(upTo: 5, flatAmount: 0), PriceTier(upTo: nil, unitAmount: Decimal("0.000000000001")!)],
        (1...99).map { tier(Decimal($0)) } + [open],
    ])
    func `good tiers are accepted`(tiers: [PriceTier]) {
        #expect(PriceModel.graduated(tiers: tiers).refusal == nil)
        #expect(PriceModel.volume(tiers: tiers).refusal == nil)
    }

    @Test(arguments: [
        ([], PriceModelRefusal.noTiers),
        ((1...100).map { tier(Decimal($0)) } + [open], .tooManyTiers(count: 101)),
        ([tier(0), open], .notAscending(index: 0, upTo: 0, previous: 0)),
        ([tier(5), tier(5), open], .notAscending(index: 1, upTo: 5, previous: 5)),
        ([tier(5), tier(4), open], .notAscending(index: 1, upTo: 4, previous: 5)),
        ([open, open], .openTierBeforeLast(index: 0)),
        ([tier(5), open, tier(9)], .openTierBeforeLast(index: 1)),
        ([tier(5)], .lastTierNotOpen(upTo: 5)),
        ([tier(-5), open], .negative("up_to of tier 0", -5)),
        ([PriceTier(upTo: nil, unitAmount: -1)], .negative("per_unit_price of tier 0", -1)),
        ([PriceTier(upTo: nil, flatAmount: -1)], .negative("flat_amount of tier 0", -1)),
        ([tier(5), PriceTier(upTo: nil, unitAmount: thirteenPlaces)], .tooManyPlaces(thirteenPlaces, limit: 12)),
        ([PriceTier(upTo: nil, flatAmount: thirteenPlaces)], .tooManyPlaces(thirteenPlaces, limit: 12)),
        ([tier(tenPlaces), open], .tooManyPlaces(tenPlaces, limit: 9)),
    ])
    func `bad tiers are refused by name`(tiers: [PriceTier], refusal: PriceModelRefusal) {
        #expect(PriceModel.graduated(tiers: tiers).refusal == refusal)
        #expect(PriceModel.volume(tiers: tiers).refusal == refusal)
    }

    @Test(arguments: [
        (PriceModel.perUnit(unit: 0), PriceModelRefusal?.none),
        (.perUnit(unit: -1), .negative("a price", -1)),
        (.perUnit(unit: thirteenPlaces), .tooManyPlaces(thirteenPlaces, limit: 12)),
        (.overage(included: 0, unit: 1), nil),
        (.overage(included: -1, unit: 1), .negative("soft_limit", -1)),
        (.overage(included: tenPlaces, unit: 1), .tooManyPlaces(tenPlaces, limit: 9)),
        (.overage(included: 1, unit: -1), .negative("a price", -1)),
        (.perUnit(unit: Decimal(.max)), nil),
        (.perUnit(unit: pastAnAmount), .tooLarge("a price", pastAnAmount)),
        (.percentage(PercentagePrice(rate: 100)), nil),
        (.percentage(PercentagePrice(rate: Decimal("100.1")!)), .rateAbove(Decimal("100.1")!, limit: 100)),
        (.percentage(PercentagePrice(rate: -1)), .negative("rate", -1)),
        (.percentage(fixed(pastAnAmount)), .tooLarge("fixed_amount", pastAnAmount)),
        (.percentage(fixed(-1)), .negative("fixed_amount", -1)),
        (.above(free: -1, .perUnit(unit: 1)), .negative("free_quantity", -1)),
    ])
    func `prices without tiers`(model: PriceModel, refusal: PriceModelRefusal?) {
        #expect(model.refusal(upTo: 0) == refusal)
    }

    @Test func `what was taken once is rated, also where it would be refused now`() {
        #expect(PriceModel.percentage(PercentagePrice(rate: 150)).refusal == nil)
        #expect(PriceModel.perUnit(unit: pastAnAmount).refusal == nil)
    }

    @Test func `a refusal tells the numbers`() {
        let refusal = PriceModelRefusal.notAscending(index: 1, upTo: 4, previous: 5)
        #expect(refusal.description == "tier 1 has an up_to of 4, which is not above 5, where it starts")
    }
}

private func fixed(_ amount: Decimal) -> PercentagePrice {
    var price = PercentagePrice(rate: 1)
    price.fixedAmount = amount
    return price
}

private let pastAnAmount = Decimal("9223372036854775808")!
private let tenPlaces = Decimal("0.0000000001")!
private let thirteenPlaces = Decimal("0.0000000000001")!
