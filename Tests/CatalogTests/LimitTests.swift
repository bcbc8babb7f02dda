import Basics
import Catalog
import Model
import Store
import Testing

/// The limits that no other suite meets.
@Suite struct LimitTests {
    @Test func pricesOfAPlan() throws {
        let world = try World()
        var command = SetBillingProduct(
            planID: try world.execute(CreatePlan(name: "P", type: .plan)).id, chargeType: .recurring)
        command.prices = (1...50).map {
            PriceInput(interval: PriceInterval(.day, count: $0), amount: 1, currency: .usd)
        }
        try world.execute(command)
        command.prices.append(PriceInput(interval: .yearly, amount: 1, currency: .usd))
        refused(.invalid, "at most 50 prices, not 51") { try world.execute(command) }
    }

    @Test func resourcesOfACondition() throws {
        let world = try World()
        let flag = try world.execute(CreateFlag(input: FlagInput(key: "f", name: "F")))
        var condition = ConditionInput(type: .billingProduct, operator: .eq)
        var rule = RuleInput(name: "R", priority: 1, value: true)
        for (count, isAccepted) in [(1000, true), (1001, false)] {
            condition.resourceIDs = (0..<count).map { "prod_\($0)" }
            rule.conditions = [condition]
            let command = SetFlagRules(flagID: flag.id, rules: [rule])
            if isAccepted {
                try world.execute(command)
            } else {
                refused(.invalid, "names 1001 resources, at most 1000") { try world.execute(command) }
            }
        }
    }

    @Test func overridesOfACompany() throws {
        let world = try World()
        var company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let feature = try world.feature("F", .boolean)
        try world.seed { transaction in
            for _ in 0..<1000 {
                var expired = CompanyOverride(
                    id: transaction.newID(), companyID: company.id, featureID: feature.id, value: .on,
                    ruleID: transaction.newID(), usageExceededRuleID: transaction.newID(), createdAt: world.now)
                expired.expiresAt = world.now
                try transaction.put(expired)
                company.overrideIDs.append(expired.id)
            }
            try transaction.put(company)
        }
        refused(.conflict, "has 1000 overrides, and no more are allowed") {
            try world.execute(CreateCompanyOverride(companyID: company.id, featureID: feature.id, value: .on))
        }
        try world.execute(DeleteCompanyOverride(overrideID: company.overrideIDs[0]))
        try world.execute(CreateCompanyOverride(companyID: company.id, featureID: feature.id, value: .on))
    }

    @Test func companiesOfAUser() throws {
        let world = try World()
        let companies = (0..<1001).map { ["id": "company-\($0)"] }
        try world.execute(RegisterEntities(companies: companies))
        var user = try world.execute(UpsertUser(keys: ["id": "u"]))
        try world.seed { transaction in
            for company in try world.all(Company.self).prefix(999) {
                user.memberships.append(
                    CompanyMembership(id: transaction.newID(), companyID: company.id, createdAt: world.now))
            }
            try transaction.put(user)
        }
        // Of the last two the first finds room; registering passes over the other, naming it outright is refused.
        try world.execute(
            RegisterEntities(
                companies: Array(companies.suffix(2)), users: [["id": "u"]],
                links: [.init(company: 0, user: 0), .init(company: 1, user: 0)]))
        #expect(try world.get(user.id)?.memberships.count == 1000)
        var command = UpsertUser(keys: ["id": "u"])
        command.companies = [["id": "company-1000"]]
        refused(.conflict, "belongs to 1000 companies, and no more are allowed") { try world.execute(command) }
    }

    @Test func texts() throws {
        let world = try World()
        let long = String(repeating: "x", count: 4097)
        refused(.invalid, "a feature's description has 4097 bytes, at most 4096") {
            try world.execute(CreateFeature(name: "F", description: long, type: .boolean))
        }
        refused(.invalid, "a plan's name has 4097 bytes, at most 256") {
            try world.execute(CreatePlan(name: long, type: .plan))
        }
        refused(.invalid, "an event name has 4097 bytes, at most 256") {
            var command = CreateFeature(name: "F", description: "", type: .event)
            command.eventSubtype = long
            try world.execute(command)
        }
        refused(.invalid, "the display name of a trait has 4097 bytes") {
            var command = DefineTrait(entityType: .user, hierarchy: ["t"], traitType: .string)
            command.displayName = long
            try world.execute(command)
        }
        refused(.invalid, "a rule's name cannot contain a NUL byte") {
            let flag = try world.execute(CreateFlag(input: FlagInput(key: "f", name: "F")))
            try world.execute(SetFlagRules(flagID: flag.id, rules: [RuleInput(name: "a\0", priority: 1, value: true)]))
        }
    }
}
