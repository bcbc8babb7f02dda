internal import Basics
internal import Entitlements
internal import Model
internal import Testing

/// What entitlements and overrides decide. Rules: Schematic, "Flag checks"; Tollgate, "Consume and holds".
@Suite struct EntitlementDecisionTests {
    @Test func valuesRulesAndNumbers() {
        let table = """
            plan      | override  | used | held | value | rule type                       | flat     | entitlement
            1000      | 500       | 400  | 0    | true  | company_override                | 400/500  | 400/1000
            1000      | 500       | 499  | 0    | true  | company_override                | 499/500  | 499/1000
            1000      | 500       | 500  | 0    | true  | plan_entitlement                | 500/1000 | 500/1000
            1000      | 500       | 999  | 0    | true  | plan_entitlement                | 999/1000 | 999/1000
            1000      | 500       | 1000 | 0    | false | company_override_usage_exceeded | 1000/500 | 1000/1000
            100       | 500       | 499  | 0    | true  | company_override                | 499/500  | 499/500
            100       | 500       | 500  | 0    | false | company_override_usage_exceeded | 500/500  | 500/500
            10        |           | 9    | 0    | true  | plan_entitlement                | 9/10     | 9/10
            10        |           | 10   | 0    | false | plan_entitlement_usage_exceeded | 10/10    | 10/10
            10        |           | 18   | 0    | false | plan_entitlement_usage_exceeded | 18/10    | 18/10
            10        |           | 8    | 1    | true  | plan_entitlement                | 8/10     | 8/10
            10        |           | 8    | 2    | false | plan_entitlement_usage_exceeded | 8/10     | 8/10
            10        |           | -5   | 0    | true  | plan_entitlement                | -5/10    | -5/10
            0         |           | 0    | 0    | false | plan_entitlement_usage_exceeded | 0/0      | 0/0
                      | 500       | 500  | 0    | false | company_override_usage_exceeded | 500/500  | 500/500
            unlimited |           | 7    | 0    | true  | plan_entitlement                |          | 7/unlimited
            10        | unlimited | 50   | 0    | true  | company_override                |          | 50/unlimited
            unlimited | 10        | 50   | 0    | true  | plan_entitlement                |          | 50/unlimited
            on        |           | 0    | 0    | true  | plan_entitlement                |          | 0/on
            off       |           | 0    | 0    | false | plan_entitlement                |          | 0/off
            on        | off       | 0    | 0    | false | company_override                |          | 0/off
            off       | on        | 0    | 0    | true  | company_override                |          | 0/on
            off       | 5         | 4    | 0    | true  | company_override                | 4/5      | 4/5
            off       | 5         | 5    | 0    | false | plan_entitlement                |          | 5/5
            """
        for row in rows(table) {
            var fixture = Fixture()
            if !row[0].isEmpty { fixture.grant(Fixture.entitlement(EntitlementValue(text: row[0]))) }
            if !row[1].isEmpty { fixture.grant(Fixture.override(EntitlementValue(text: row[1]))) }
            fixture.counters.used = Int64(row[2])!
            fixture.counters.held = Int64(row[3])!
            let decision = fixture.decide()
            #expect(decision.value == (row[4] == "true"), "\(row)")
            #expect(decision.rule?.type.rawValue == row[5], "\(row)")
            #expect(decision.matchedLimit.map { "\($0.usage)/\($0.allocation)" } ?? "" == row[6], "\(row)")
            #expect(decision.entitlement?.text == row[7], "\(row)")
            #expect(fixture.counters.reads == 1, "a counter is read once: \(row)")
        }
    }

    @Test func reasonsAreSchematics() {
        var fixture = Fixture()
        fixture.grant(Fixture.entitlement(EntitlementValue(text: "10/day")))
        let (yes, no) = (Identifier<Rule>(ordinal: 10), Identifier<Rule>(ordinal: 11))
        #expect(
            fixture.decide().reason
                == "Matched plan entitlement rule \"Plan entitlement for \"API calls\"\" (\(yes))")
        fixture.counters.used = 10
        let decision = fixture.decide()
        #expect(
            decision.reason
                == "Matched plan entitlement usage exceeded rule \"Plan entitlement usage exceeded for \"API calls\"\" (\(no))"
        )
        #expect(decision.rule?.id == no)
        #expect(decision.matchedLimit?.event == "api-call")
        #expect(decision.matchedLimit?.span == .day)
        #expect(decision.matchedLimit?.resetsAt == Fixture.now + .days(1))
    }

    @Test func seatsCountByTrait() {
        let table = """
            seats | limit trait | held | value | flat
            4     | 5           | 0    | true  | 4/5
            5     | 5           | 0    | false | 5/5
            3     | 5           | 2    | false | 3/5
                  | 5           | 0    | true  | 0/5
            4     |             | 0    | false | 4/0
            4.5   | 5           | 0    | true  | 0/5
            """
        for row in rows(table) {
            var fixture = Fixture(.trait)
            fixture.grant(Fixture.entitlement(EntitlementValue(text: "trait")))
            fixture.traits[Fixture.seats.id] = row[0].isEmpty ? nil : row[0]
            fixture.traits[Fixture.seatLimit.id] = row[1].isEmpty ? nil : row[1]
            fixture.counters.held = Int64(row[2])!
            let decision = fixture.decide()
            #expect(decision.value == (row[3] == "true"), "\(row)")
            #expect(decision.matchedLimit.map { "\($0.usage)/\($0.allocation)" } == row[4], "\(row)")
            #expect(decision.matchedLimit?.event == nil && decision.matchedLimit?.span == nil)
        }
    }

    @Test func spansHaveCountersOfTheirOwn() {
        var fixture = Fixture()
        fixture.grant(Fixture.entitlement(EntitlementValue(text: "30/month")))
        fixture.grant(Fixture.override(EntitlementValue(text: "2/day")))
        fixture.counters.events["api-call"] = [.calendarMonth: 30, .day: 1]
        #expect(fixture.decide().rule?.type == .companyOverride)
        fixture.counters.events["api-call"] = [.calendarMonth: 29, .day: 2]
        #expect(fixture.decide().rule?.type == .planEntitlement)
        #expect(fixture.decide().entitlement?.text == "2/2")
        fixture.counters.events["api-call"] = [.calendarMonth: 30, .day: 2]
        #expect(fixture.decide().rule?.type == .companyOverrideUsageExceeded)
    }

    @Test func preflightAsksAsIfMoreWereUsed() throws {
        let table = """
            used | held | usage | event:quantity | value
            8    | 0    | 1     |                | true
            8    | 0    | 2     |                | false
            8    | 0    | 0     | api-call:1     | true
            8    | 0    | 0     | api-call:2     | false
            8    | 0    | 9     | api-call:1     | true
            8    | 0    | 9     | api-call:0     | false
            8    | 0    | 0     | other:9        | true
            8    | 0    | 2     | other:1        | false
            8    | 1    | 1     |                | false
            0    | 0    | 9223372036854775807 |  | false
            """
        for row in rows(table) {
            var fixture = Fixture()
            fixture.grant(Fixture.entitlement(EntitlementValue(text: "10")))
            fixture.counters.used = Int64(row[0])!
            fixture.counters.held = Int64(row[1])!
            let event = row[3].split(separator: ":")
            let preflight = try Preflight(
                usage: Int64(row[2])!,
                eventUsage: event.isEmpty ? nil : .init(event: String(event[0]), quantity: Int64(event[1])!))
            let decision = fixture.decide(preflight: preflight)
            #expect(decision.value == (row[4] == "true"), "\(row)")
            #expect(decision.matchedLimit?.usage == Int64(row[0])!, "preflight is never shown: \(row)")
        }
    }

    @Test func preflightRefusesNegativeNumbers() {
        #expect(throws: Refusal.invalid("preflight usage cannot be negative")) { try Preflight(usage: -1) }
        #expect(throws: Refusal.invalid("preflight usage cannot be negative")) {
            try Preflight(eventUsage: .init(event: "api-call", quantity: -1))
        }
        #expect(throws: Refusal.invalid("preflight fits cannot be negative")) { try Preflight(fits: -1) }
    }

    @Test func fitsIsExact() throws {
        let table = """
            plan      | override | used | held | fits | value
            10        |          | 8    | 0    | 2    | true
            10        |          | 8    | 0    | 3    | false
            10        |          | 8    | 1    | 1    | true
            10        |          | 8    | 1    | 2    | false
            10        |          | 10   | 0    | 0    | true
            10        |          | 11   | 0    | 0    | false
            1000      | 500      | 500  | 0    | 500  | true
            1000      | 500      | 500  | 0    | 501  | false
            unlimited |          | 8    | 0    | 9999 | true
            on        |          | 8    | 0    | 9999 | true
            off       |          | 0    | 0    | 0    | false
            30/month  | 2/day    | 2    | 0    | 1    | false
                      |          | 0    | 0    | 1    | false
            """
        for row in rows(table) {
            var fixture = Fixture()
            if !row[0].isEmpty { fixture.grant(Fixture.entitlement(EntitlementValue(text: row[0]))) }
            if !row[1].isEmpty { fixture.grant(Fixture.override(EntitlementValue(text: row[1]))) }
            fixture.counters.used = Int64(row[2])!
            fixture.counters.held = Int64(row[3])!
            let decision = fixture.decide(preflight: try Preflight(fits: Int64(row[4])!))
            #expect(decision.value == (row[5] == "true"), "\(row)")
        }
    }
}

extension EntitlementUse {
    /// `8/10`, `8/unlimited`, `0/on`.
    var text: String {
        let allowed = grant.allocation.limit.map { "\($0)" } ?? "\(grant.allocation)"
        return "\(reading?.usage ?? 0)/\(allowed)"
    }
}
