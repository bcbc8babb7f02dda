import Testing
import Tollgate

@Suite("Plan traits")
struct PlanTraitTests {
    /// What each step does, and the company's traits `tier` and `seats` after it. Plans: Free (tier free), which is the
    /// initial and the fallback plan, Basic (no traits) at 10 and Pro (tier pro, seats 5) at 20.
    @Test("a company takes the traits of each plan that it comes to, and keeps what the next plan does not write")
    func traitsFollowThePlan() async throws {
        let table = """
            step        tier  seats
            made        free  -
            set tier=x  x     -
            move Free   x     -
            move Pro    pro   5
            move Basic  pro   5
            cancel      free  5
            move Pro    pro   5
            end         pro   5
            february    free  5
            """
        let shop = try await Workshop()
        let (free, basic, pro) = (
            try await shop.plan("Free", []), try await shop.plan("Basic", monthly: 1000, []),
            try await shop.plan("Pro", monthly: 2000, [])
        )
        let plans = ["Free": free, "Basic": basic, "Pro": pro]
        var group = SetPlanGroup()
        group.planIDs = [free.id, basic.id, pro.id]
        group.initialPlanID = free.id
        group.fallbackPlanID = free.id
        try await shop.run(group)
        let tier = try await shop.run(DefineTrait(entityType: .company, hierarchy: ["tier"], traitType: .string))
        let seats = try await shop.run(DefineTrait(entityType: .company, hierarchy: ["seats"], traitType: .number))
        try await shop.run(SetPlanTraits(planID: free.id, traits: [PlanTraitInput(traitID: tier.id, value: "free")]))
        try await shop.run(
            SetPlanTraits(
                planID: pro.id,
                traits: [
                    PlanTraitInput(traitID: tier.id, value: "pro"), PlanTraitInput(traitID: seats.id, value: "5"),
                ]))
        let company = try await shop.run(UpsertCompany(keys: ["id": "acme"]))
        for row in table.split(separator: "\n").dropFirst() {
            let words = row.split(separator: " ").map(String.init)
            switch words[0] {
            case "set":
                var set = SetTrait(entity: .company, keys: ["id": "acme"], trait: "tier")
                set.set = "x"
                try await shop.run(set)
            case "move":
                var manage = ManagePlan(companyID: company.id)
                manage.basePlanID = plans[words[1]]!.id
                #expect(try await shop.run(manage).problems.isEmpty)
            case "cancel": _ = try await shop.run(CancelSubscription(companyID: company.id))
            case "end":
                var cancel = CancelSubscription(companyID: company.id)
                cancel.immediately = false
                _ = try await shop.run(cancel)
            case "february": try await shop.setClock("2024-02-01T00:00:00Z")
            default: break
            }
            let traits = try shop.engine.company(["id": "acme"], in: shop.environment)!.traits
            let shown = ["tier", "seats"].map { traits[$0]?.text ?? "-" }
            #expect(shown == Array(words.suffix(2)), "\(row)")
        }
        try shop.expectVerified()
    }
}
