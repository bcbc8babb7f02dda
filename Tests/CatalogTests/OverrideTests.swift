import Basics
import Catalog
import Model
import Testing

@Suite struct OverrideTests {
    @Test func oneLiveOverridePerFeature() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let api = try world.feature("API", .event, event: "api")
        let sso = try world.feature("SSO", .boolean)
        var create = CreateCompanyOverride(companyID: company.id, featureID: api.id, value: .limit(500))
        create.expiresAt = world.now + .hours(1)
        create.note = "for the trade fair"
        let first = try world.execute(create)
        #expect(first.notes.map(\.text) == ["for the trade fair"])
        #expect(try world.get(company.id)?.overrideIDs == [first.id])
        refused(.invalid, "has the override \(first.id) of feature \"API\" already") { try world.execute(create) }
        try world.execute(CreateCompanyOverride(companyID: company.id, featureID: sso.id, value: .on))

        // At its expiry an override has ended.
        world.now = world.now + .hours(1)
        refused(.invalid, "would expire at 2026-03-10T13:00:00") { try world.execute(create) }
        create.expiresAt = nil
        let second = try world.execute(create)
        var revive = UpdateCompanyOverride(overrideID: first.id, value: .limit(900))
        refused(.invalid, "has the override \(second.id)") { try world.execute(revive) }
        try world.execute(DeleteCompanyOverride(overrideID: second.id))
        revive.note = "again"
        let revived = try world.execute(revive)
        #expect(revived.expiresAt == nil && revived.value.numeric == 900 && revived.notes.count == 2)
        #expect(try world.get(company.id)?.overrideIDs.contains(second.id) == false)
        refused(.notFound, "does not exist") { try world.execute(DeleteCompanyOverride(overrideID: second.id)) }
        refused(.notFound, "company") {
            try world.execute(CreateCompanyOverride(companyID: Identifier(ordinal: 99), featureID: api.id, value: .on))
        }
        refused(.notFound, "feature") {
            try world.execute(
                CreateCompanyOverride(companyID: company.id, featureID: Identifier(ordinal: 99), value: .on))
        }
    }

    @Test func theValueFitsTheFeature() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let sso = try world.feature("SSO", .boolean)
        let api = try world.feature("API", .event, event: "api")
        refused(.invalid, "numeric does not fit \"SSO\", a boolean feature") {
            try world.execute(CreateCompanyOverride(companyID: company.id, featureID: sso.id, value: .limit(5)))
        }
        // Nothing of a refused command stays.
        #expect(try world.get(company.id)?.overrideIDs == [])
        let override = try world.execute(
            CreateCompanyOverride(companyID: company.id, featureID: api.id, value: .limit(5)))
        refused(.invalid, "boolean does not fit \"API\"") {
            try world.execute(UpdateCompanyOverride(overrideID: override.id, value: .on))
        }
        var window = EntitlementValue.limit(5)
        window.metricPeriodMonthReset = .billingCycle
        refused(.invalid, "metric_period_month_reset needs") {
            try world.execute(UpdateCompanyOverride(overrideID: override.id, value: window))
        }
        window.metricPeriod = .currentMonth
        #expect(try world.execute(UpdateCompanyOverride(overrideID: override.id, value: window)).value == window)
    }

    @Test func notesAreBounded() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let sso = try world.feature("SSO", .boolean)
        let override = try world.execute(CreateCompanyOverride(companyID: company.id, featureID: sso.id, value: .on))
        var update = UpdateCompanyOverride(overrideID: override.id, value: .on)
        update.note = String(repeating: "n", count: 4097)
        refused(.invalid, "a note has 4097 bytes") { try world.execute(update) }
        update.note = "n"
        for _ in 0..<100 { try world.execute(update) }
        refused(.conflict, "has 100 notes") { try world.execute(update) }
    }
}
