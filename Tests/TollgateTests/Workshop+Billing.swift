import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

func at(_ text: String) -> Timestamp { Timestamp(rfc3339: text)! }

extension Workshop {
    @discardableResult
    func move(_ company: Company, to plan: Plan?, _ change: (inout ManagePlan) -> Void = { _ in }) async throws
        -> Company
    {
        var manage = ManagePlan(companyID: company.id)
        manage.basePlanID = plan?.id
        change(&manage)
        let outcome = try await run(manage)
        #expect(outcome.problems.isEmpty)
        return outcome.company
    }

    /// Tracks use that happened earlier, by a trusted clock. Answers what is said of its lateness.
    @discardableResult
    func trackLate(
        _ event: String, _ company: String, _ quantity: Int64, _ sentAt: String
    ) async throws -> TrackAnswer.Late.Effect? {
        var event = UsageEvent(company: ["id": company], event: event, quantity: quantity)
        event.sentAt = at(sentAt)
        event.trustsSentAt = true
        let answer = try await engine.track([event], in: environment)
        #expect(answer.accepted == 1 && answer.rejected.isEmpty)
        return answer.late.first?.effect
    }

    func company(_ id: Identifier<Company>) throws -> Company {
        try #require(try engine.read(environment) { try $0.get(id) })
    }

    func check(_ flag: String, _ company: String) throws -> Bool {
        try engine.isOn(flag, company: ["id": company], in: environment)
    }

    func consume(
        _ feature: String, _ company: String, _ quantity: Int64 = 1, key: String? = nil
    ) async throws -> ConsumeAnswer {
        try await engine.consume(
            ConsumeRequest(company: ["id": company], feature: feature, quantity: quantity, idempotencyKey: key),
            in: environment)
    }

    func upcoming(_ company: Company) throws -> Invoice? {
        try engine.read(environment) { try $0.upcomingInvoice(of: company) }
    }

    /// The invoices as text, oldest first: what a test compares.
    func ledger() throws -> [String] { try invoices().map(\.summary) }

    func expectVerified(_ location: SourceLocation = #_sourceLocation) throws {
        let report = try engine.verify()
        #expect(report.differences == [], sourceLocation: location)
        #expect(report.metered == report.billed + report.corrected + report.unbilled, sourceLocation: location)
    }
}

extension Invoice {
    /// `open INV-000002 2024-01-01…2024-02-01: base 4900 + usage 137→3425`
    var summary: String {
        let lines = lines.map { line in
            switch line.type {
            case .base: "base \(line.amount)"
            default: "\(line.type.rawValue) \(line.quantity)→\(line.amount)"
            }
        }
        let days = [period.start, period.end].map { instant in
            let text = instant.rfc3339
            return text.hasSuffix("T00:00:00Z") ? String(text.prefix(10)) : text
        }
        return "\(status.rawValue) \(number ?? "–") \(days[0])…\(days[1]): " + lines.joined(separator: " + ")
    }
}

extension EntitlementInput {
    static func overage(included: Int64, cents: Model.Decimal, limit: Int64? = nil) -> EntitlementInput {
        var input = EntitlementInput(valueType: .unlimited)
        input.priceBehavior = .overage
        input.softLimit = included
        input.valueNumeric = limit
        input.unitPrices = UnitPrices(monthly: cents)
        return input
    }

    static func tiers(_ mode: TierMode, _ tiers: [PriceTier]) -> EntitlementInput {
        var input = EntitlementInput(valueType: .unlimited)
        input.priceBehavior = .tier
        input.tierMode = mode
        input.tiers = Tiers(all: tiers)
        return input
    }

    static func seats(cents: Model.Decimal, preset: Int64) -> EntitlementInput {
        var input = EntitlementInput(valueType: .numeric)
        input.priceBehavior = .payInAdvance
        input.usageQuantity = preset
        input.unitPrices = UnitPrices(monthly: cents)
        return input
    }
}
