internal import Basics
internal import Entitlements
internal import Model
internal import Testing

/// Rules: Schematic, "Entitlements" (merging) and "Usage" (effective limit).
@Suite struct GrantTests {
    @Test func mostGenerousWins() {
        let table = """
            plan      | override  | winner
            1000      | 500       | plan
            100       | 500       | override
            500       | 500       | plan
            500       | unlimited | override
            unlimited | 500       | plan
            unlimited | unlimited | plan
            on        | 500       | plan
            off       | 500       | override
            on        | off       | override
            off       | on        | override
            on        | on        | override
            1000      | off       | override
            1000      | on        | override
            unlimited | off       | override
            30/month  | 1/day     | plan
            29/month  | 1/day     | override
            31/month  | 1/day     | plan
            7/week    | 1/day     | plan
            6/week    | 1/day     | override
            30/month  | 7/week    | plan
            30/month  | 8/week    | override
            1/day     | 30/month  | plan
            1/day     | 31/month  | override
            1/day     | 8/week    | override
            5/all     | 6/day     | override
            5/all     | 5/day     | plan
            6/day     | 100/all   | override
            5         | 1/day     | override
            1/day     | 5         | plan
            5/month   | 5/cycle   | plan
            5/month   | 6/cycle   | override
            9223372036854775806/day | 9223372036854775807/day | override
            9223372036854775807/month | 307445734561825861/day | override
            9223372036854775807/month | 307445734561825860/day | plan
            """
        for row in rows(table) {
            var fixture = Fixture()
            fixture.grant(Fixture.override(EntitlementValue(text: row[1])))
            fixture.grant(Fixture.entitlement(EntitlementValue(text: row[0])))
            let winner = fixture.company.standing.effectiveGrant(of: fixture.feature.id, at: Fixture.now)
            #expect(winner?.terms.source == (row[2] == "plan" ? .plan : .companyOverride), "\(row)")
        }
    }

    @Test func addOnsJoinTheMerge() {
        var fixture = Fixture()
        for (ordinal, value) in [(1, "10"), (2, "30"), (3, "20")] {
            fixture.grant(Fixture.entitlement(EntitlementValue(text: value), ordinal: UInt64(ordinal)))
        }
        let winner = fixture.company.standing.effectiveGrant(of: fixture.feature.id, at: Fixture.now)
        #expect(winner?.terms.entitlementID == .init(ordinal: 2))
        #expect(winner?.allocation == .limited(30))
    }

    @Test func anOverrideEndsAtItsExpiry() {
        let expiry = Fixture.now
        var fixture = Fixture()
        fixture.grant(Fixture.override(EntitlementValue(text: "500"), expiresAt: expiry))
        func effective(_ now: Timestamp) -> Allocation? {
            fixture.company.standing.effectiveGrant(of: fixture.feature.id, at: now)?.allocation
        }
        #expect(effective(Timestamp(milliseconds: expiry.milliseconds - 1)) == .limited(500))
        #expect(effective(expiry) == nil)
        #expect(fixture.decide(at: expiry).entitlement == nil)
    }

    @Test func limitsAriseFromValueAndPrice() throws {
        let table = """
            value     | price          | soft | bought | usage quantity | trait | allocation | effective
            1000      |                |      |        |                |       | 1000       | 1000
            unlimited |                |      |        |                |       | unlimited  | none
            on        |                |      |        |                |       | on         | none
            off       |                |      |        |                |       | off        | none
            trait     |                |      |        |                | 25    | 25         | 25
            trait     |                |      |        |                |       | 0          | 0
            trait     |                |      |        |                | 3.7   | 0          | 0
            trait     |                |      |        |                | many  | 0          | 0
            trait     | pay_in_advance |      | 12     | 5              | 25    | 12         | 12
            trait     | pay_in_advance |      |        | 5              | 25    | 5          | 5
            trait     | pay_in_advance |      |        |                | 25    | 0          | 0
            unlimited | overage        | 100  |        |                |       | unlimited  | 100
            500       | overage        | 100  |        |                |       | 500        | 100
            0         | overage        | 100  |        |                |       | unlimited  | 100
            unlimited | pay_as_you_go  |      |        |                |       | unlimited  | none
            500       | pay_as_you_go  |      |        |                |       | 500        | 500
            500       | tier           |      |        |                |       | 500        | 50
            unlimited | tier           |      |        |                |       | unlimited  | 50
            """
        for row in rows(table) {
            var entitlement = Fixture.entitlement(EntitlementValue(text: row[0]))
            entitlement.priceBehavior = PriceBehavior(rawValue: row[1])
            entitlement.softLimit = Int64(row[2])
            entitlement.usageQuantity = Int64(row[4])
            let tiers = [PriceTier(upTo: Decimal(coefficient: 509, scale: 1)!), PriceTier(upTo: nil)]
            entitlement.meteredPrices = [
                MeteredPrice(
                    id: .init(ordinal: 1), interval: .monthly,
                    CommonPrice(currency: .usd, model: .graduated(tiers: tiers)))
            ]
            var fixture = Fixture()
            fixture.purchased[entitlement.id] = Int64(row[3])
            fixture.traits[Fixture.seatLimit.id] = row[5].isEmpty ? nil : row[5]
            fixture.grant(entitlement)
            let grant = try #require(fixture.company.standing.effectiveGrant(of: fixture.feature.id, at: Fixture.now))
            let expected: Allocation =
                switch row[6] {
                case "on": .on
                case "off": .off
                case "unlimited": .unlimited
                default: .limited(Int64(row[6])!)
                }
            #expect(grant.allocation == expected, "\(row)")
            #expect(grant.effectiveLimit == Int64(row[7]), "\(row)")
        }
    }
}
