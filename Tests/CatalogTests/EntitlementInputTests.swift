import Basics
import Catalog
import Model
import Testing

@Suite struct EntitlementInputTests {
    /// feature | input → value; prices of month, quarter and year. `seats` is a trait feature metered by the trait
    /// SEATS.
    static let inputs = rows(
        """
        sso   | type=boolean bool=true                  | boolean true;
        sso   | type=boolean bool=false                 | boolean false;
        sso   | type=boolean                            | refused: a boolean value needs value_bool
        sso   | type=numeric numeric=5                  | refused: a value of type numeric does not fit "sso", a boolean feature
        api   | type=boolean bool=true                  | refused: a value of type boolean does not fit "api", an event feature
        sso   | type=boolean bool=true period=current_day | refused: metric_period is for event features, "sso" is a boolean feature
        sso   | type=boolean bool=true behavior=pay_as_you_go monthly=1 | refused: a price is for event and trait features, "sso" is a boolean feature
        api   | type=numeric numeric=5                  | numeric 5;
        api   | type=numeric numeric=0                  | numeric 0;
        api   | type=numeric numeric=-1                 | refused: value_numeric cannot be negative, as -1 is
        api   | type=numeric                            | refused: a numeric value needs value_numeric
        api   | type=numeric numeric=5 period=current_month reset=billing_cycle | numeric 5 current_month billing_cycle;
        api   | type=numeric numeric=5 reset=billing_cycle | refused: metric_period_month_reset needs metric_period current_month
        api   | type=numeric numeric=5 period=current_day reset=billing_cycle | refused: metric_period_month_reset needs metric_period current_month
        seats | type=numeric numeric=5 period=current_day | refused: metric_period is for event features, "seats" is a trait feature
        api   | type=unlimited numeric=5                | unlimited;
        seats | type=trait trait=LIMIT                  | trait LIMIT;
        seats | type=trait trait=ROLE                   | refused: "role" is a trait of users, a trait of companies is needed
        seats | type=trait                              | refused: a trait value needs value_trait_id
        seats | type=numeric behavior=pay_in_advance monthly=900 quantity=3 numeric=7 | trait; 3 × per 900, per 900, per 900
        seats | type=trait behavior=pay_in_advance monthly=900 yearly=9000 | trait; per 900, -, per 9000
        api   | type=boolean behavior=pay_as_you_go quarterly=0.25 | unlimited; per 0.25, per 0.25, per 0.25
        api   | type=boolean behavior=pay_as_you_go monthly=1 numeric=100 | numeric 100; per 1, per 1, per 1
        api   | type=boolean behavior=pay_as_you_go monthly=1 numeric=0 | unlimited; per 1, per 1, per 1
        api   | type=boolean behavior=pay_as_you_go monthly=1 numeric=-1 | refused: value_numeric cannot be negative, as -1 is
        api   | type=unlimited behavior=pay_as_you_go monthly=5 package=1 | unlimited; 1 for 5 up, 1 for 5 up, 1 for 5 up
        api   | type=unlimited behavior=overage soft=7 monthly=5 package=1 | unlimited; 7 free then 1 for 5 up, 7 free then 1 for 5 up, 7 free then 1 for 5 up
        seats | type=trait behavior=pay_in_advance monthly=9 package=1 | trait; per 9, per 9, per 9
        api   | type=unlimited behavior=pay_as_you_go monthly=5 package=0 | refused: package_size must be at least 1, not 0
        api   | type=unlimited behavior=pay_as_you_go | refused: price_behavior pay_as_you_go needs a unit price, as monthly_unit_price
        api   | type=unlimited behavior=pay_as_you_go monthly=-1 | refused: monthly_unit_price of "api" cannot be used: a price cannot be negative, as -1 is
        api   | type=unlimited behavior=pay_as_you_go monthly=9223372036854775808 | refused: monthly_unit_price of "api" cannot be used: a price of 9223372036854775808 is more than an amount can be
        api   | type=unlimited behavior=overage soft=50 monthly=50 | unlimited; 50 free then 50, 50 free then 50, 50 free then 50
        api   | type=unlimited behavior=overage soft=50 monthly=50 numeric=60 | numeric 60; 50 free then 50, 50 free then 50, 50 free then 50
        api   | type=unlimited behavior=overage soft=50 monthly=50 numeric=40 | refused: the hard limit, value_numeric, of 40 lies below the soft_limit of 50
        api   | type=unlimited behavior=overage monthly=50 | refused: price_behavior overage needs a soft_limit
        api   | type=unlimited behavior=overage soft=50 | refused: price_behavior overage needs a unit price, as monthly_unit_price
        api   | type=unlimited behavior=overage soft=-1 monthly=5 | refused: soft_limit cannot be negative, as -1 is
        api   | type=unlimited behavior=tier mode=volume tiers=50:1,*:2 | unlimited; volume 2, volume 2, volume 2
        api   | type=unlimited behavior=tier mode=graduated monthlyTiers=*:2 | unlimited; graduated 1, -, -
        api   | type=unlimited behavior=tier mode=graduated tiers=5:1,*:2 monthlyTiers=*:2 | unlimited; graduated 1, graduated 2, graduated 2
        api   | type=unlimited behavior=tier tiers=*:2 | refused: price_behavior tier needs a tier_mode
        api   | type=unlimited behavior=tier mode=volume | refused: price_behavior tier needs price_tiers
        api   | type=unlimited behavior=tier mode=volume tiers=50:1 | refused: price_tiers of "api" cannot be used: the last tier must have no up_to, but it ends at 50
        api   | type=unlimited behavior=tier mode=volume tiers=50:-1,*:1 | refused: price_tiers of "api" cannot be used: per_unit_price of tier 0 cannot be negative, as -1 is
        api   | type=unlimited behavior=tier mode=volume tiers=*:1 monthly=1 | refused: unit prices are for pay_in_advance, pay_as_you_go and overage, there is price_behavior tier
        api   | type=numeric numeric=5 monthly=1        | refused: unit prices are for pay_in_advance, pay_as_you_go and overage, there is no price_behavior
        api   | type=numeric numeric=5 soft=1           | refused: soft_limit is for price_behavior overage, there is no price_behavior
        api   | type=numeric numeric=5 tiers=*:1        | refused: tiers are for price_behavior tier, there is no price_behavior
        api   | type=unlimited behavior=overage soft=1 monthly=1 quantity=2 | refused: usage_quantity is for price_behavior pay_in_advance, there is price_behavior overage
        seats | type=trait behavior=pay_in_advance monthly=1 quantity=-2 | refused: usage_quantity cannot be negative, as -2 is
        """)

    @Test(arguments: inputs) func coercion(row: [String]) throws {
        let world = try World()
        let seats = try world.execute(DefineTrait(entityType: .company, hierarchy: ["seats"], traitType: .number)).id
        let limit = try world.execute(DefineTrait(entityType: .company, hierarchy: ["limit"], traitType: .number)).id
        let role = try world.execute(DefineTrait(entityType: .user, hierarchy: ["role"], traitType: .string)).id
        let feature =
            switch row[0] {
            case "sso": try world.feature("sso", .boolean)
            case "api": try world.feature("api", .event, event: "api")
            default: try world.feature("seats", .trait, trait: seats)
            }
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        let input = Self.input(fields(row[1]), traits: ["LIMIT": limit, "ROLE": role])
        let got = outcome {
            let entitlement = try world.execute(
                CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: input))
            return Self.text(entitlement, limit)
        }
        #expect(got == row[2])
    }

    private static func input(
        _ given: [String: String], traits: [String: Identifier<TraitDefinition>]
    ) -> EntitlementInput {
        var input = EntitlementInput(valueType: EntitlementValueType(rawValue: given["type"]!)!)
        input.valueBool = given["bool"].map { $0 == "true" }
        input.valueNumeric = given["numeric"].map { Int64($0)! }
        input.valueTraitID = given["trait"].map { traits[$0]! }
        input.metricPeriod = given["period"].map { MetricPeriod(rawValue: $0)! }
        input.metricPeriodMonthReset = given["reset"].map { MetricPeriodMonthReset(rawValue: $0)! }
        input.priceBehavior = given["behavior"].map { PriceBehavior(rawValue: $0)! }
        input.softLimit = given["soft"].map { Int64($0)! }
        input.usageQuantity = given["quantity"].map { Int64($0)! }
        input.packageSize = given["package"].map { Int64($0)! }
        input.tierMode = given["mode"].map { TierMode(rawValue: $0)! }
        input.unitPrices = .init(
            monthly: given["monthly"].map { Decimal($0)! }, quarterly: given["quarterly"].map { Decimal($0)! },
            yearly: given["yearly"].map { Decimal($0)! })
        input.tiers = .init(all: given["tiers"].map(tiers), monthly: given["monthlyTiers"].map(tiers))
        return input
    }

    /// `50:1,*:2`: up to 50 at 1 each, above at 2.
    private static func tiers(_ text: String) -> [PriceTier] {
        text.split(separator: ",").map { tier in
            let parts = tier.split(separator: ":")
            return PriceTier(upTo: Decimal(String(parts[0])), unitAmount: Decimal(String(parts[1]))!)
        }
    }

    private static func text(_ entitlement: PlanEntitlement, _ limit: Identifier<TraitDefinition>) -> String {
        let value = entitlement.value
        let words = [
            value.type.rawValue, value.bool.map { String($0) }, value.numeric.map { String($0) },
            value.traitID.map { $0 == limit ? "LIMIT" : "other" }, value.metricPeriod?.rawValue,
            value.metricPeriodMonthReset?.rawValue,
        ]
        let prices = [PriceInterval.monthly, .quarterly, .yearly].map { interval in
            entitlement.meteredPrices.first { $0.interval == interval }.map { text($0.model) } ?? "-"
        }
        let quantity = entitlement.usageQuantity.map { "\($0) × " } ?? ""
        let priced = entitlement.meteredPrices.isEmpty ? "" : " \(quantity)\(prices.joined(separator: ", "))"
        return words.compactMap { $0 }.joined(separator: " ") + ";" + priced
    }

    private static func text(_ model: PriceModel) -> String {
        switch model {
        case .perUnit(let unit): "per \(unit)"
        case .overage(let included, let unit): "\(included) free then \(unit)"
        case .graduated(let tiers, _): "graduated \(tiers.count)"
        case .volume(let tiers, _): "volume \(tiers.count)"
        case .package(let size, let rounding, let unit): "\(size) for \(unit) \(rounding.rawValue)"
        case .percentage(let price): "\(price.rate) % + \(price.fixedAmount)"
        case .above(let free, let model): "\(free) free then \(text(model))"
        }
    }

    @Test func theCurrencyIsThePlans() throws {
        let world = try World()
        let feature = try world.feature("api", .event, event: "api")
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        let first = try world.execute(
            CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: .payAsYouGo(1)))
        #expect(first.meteredPrices.allSatisfy { $0.currency == .usd })
        let euro = Currency("eur")!
        var product = SetBillingProduct(planID: plan.id, chargeType: .recurring)
        product.prices = [PriceInput(interval: .monthly, amount: 1, currency: euro)]
        try world.execute(product)
        let second = try world.execute(UpdatePlanEntitlement(entitlementID: first.id, input: .payAsYouGo(1)))
        #expect(second.meteredPrices.allSatisfy { $0.currency == euro })
        var dollars = EntitlementInput.payAsYouGo(1)
        dollars.currency = .usd
        refused(.invalid, "the plan has no price in usd, only in eur") {
            try world.execute(UpdatePlanEntitlement(entitlementID: first.id, input: dollars))
        }
        // A changed price keeps its id, so that whoever holds it finds the new amount.
        let third = try world.execute(UpdatePlanEntitlement(entitlementID: first.id, input: .payAsYouGo(2)))
        #expect(third.meteredPrices.map(\.id) == second.meteredPrices.map(\.id))
    }
}
