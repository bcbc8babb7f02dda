import Basics
import Billing
import Catalog
import Model
import Store
import TestSupport
import Testing
import Tollgate

/// Random commands and events on several environments, with restarts in between: everything that is asked for may be
/// refused, nothing may go wrong.
struct RandomLife {
    private let shop: Workshop
    private var random: SplitMix
    private var environments: [EnvironmentID] = []
    private var clocks: [EnvironmentID: Timestamp] = [:]
    private(set) var carriedOut = 0
    private(set) var refused = 0

    private static let companies = (1...6).map { "c\($0)" }
    private static let events = ["calls", "seats", "bytes"]

    init(_ shop: Workshop, seed: UInt64) async throws {
        self.shop = shop
        random = SplitMix(seed: seed)
        for name in ["one", "two"] {
            let id = try await shop.engine.execute(
                CreateEnvironment(name: name, type: .staging), in: Engine.wholeStore
            ).id
            environments.append(id)
            clocks[id] = at("2024-01-30T22:47:11.009Z")
            try await shop.engine.setTestClock(clocks[id]!, in: id)
            try await furnish(id)
        }
    }

    private func furnish(_ environment: EnvironmentID) async throws {
        let engine = shop.engine
        for (name, amount, percent, duration) in [
            ("five", 500, 0, CouponDuration.once), ("tenth", 0, 10, .forever),
        ] as [(String, Int64, Model.Decimal, CouponDuration)] {
            let coupon = UpsertCoupon(
                externalID: name, name: name, amountOff: amount, percentOff: percent, duration: duration, months: 0,
                maxRedemptions: 0, timesRedeemed: 0)
            _ = try await engine.execute(coupon, in: environment)
        }
        var features: [Feature] = []
        for event in Self.events {
            var create = CreateFeature(name: event, description: "", type: .event)
            create.eventSubtype = event
            features.append(try await engine.execute(create, in: environment))
        }
        let inputs: [[EntitlementInput?]] = [
            [.limit(50), .limit(5, .currentDay), nil],
            [.payAsYouGo(cents: Model.Decimal("0.7")!), .seats(cents: 500, preset: 2), .limit(100, .currentMonth)],
            [
                .overage(included: 20, cents: 3), .payAsYouGo(cents: 11),
                .tiers(.volume, [PriceTier(upTo: 15, unitAmount: 10), PriceTier(upTo: nil, unitAmount: 5)]),
            ],
        ]
        for (index, price) in [nil, 1000, 2500].enumerated() as EnumeratedSequence<[Int64?]> {
            let plan = try await engine.execute(CreatePlan(name: "plan \(index)", type: .plan), in: environment)
            var billing = SetBillingProduct(planID: plan.id, chargeType: price == nil ? .free : .recurring)
            billing.prices = price.map { [PriceInput(interval: .monthly, amount: $0, currency: .usd)] } ?? []
            let version = try await engine.execute(billing, in: environment)
            for (feature, input) in zip(features, inputs[index]) {
                guard let input else { continue }
                let create = CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: input)
                _ = try await engine.execute(create, in: environment)
            }
            _ = try await engine.execute(
                PublishPlanVersion(versionID: version.id, migrationStrategy: .leave), in: environment)
        }
    }

    mutating func step() async throws {
        let environment = environments.randomElement(using: &random)!
        do {
            try await act(in: environment)
            carriedOut += 1
        } catch is Refusal {
            refused += 1
        }
    }

    private mutating func act(in environment: EnvironmentID) async throws {
        switch Int.random(in: 0..<32, using: &random) {
        case 0: try await shop.reopen()
        case 1...4: try await moveClock(environment)
        case 5...14: try await track(environment)
        case 15...18: try await consume(environment)
        case 19...22: try await managePlan(environment)
        case 23: try await cancel(environment)
        case 24: try await override(environment)
        case 25: try await settle(environment)
        case 26: try await settings(environment)
        case 27: try await delete(environment)
        case 28: try await newVersion(environment)
        default: try await upsert(environment)
        }
    }

    private mutating func company(_ environment: EnvironmentID) throws -> Company {
        let key = Self.companies.randomElement(using: &random)!
        let found = try shop.engine.read(environment) { try $0.company(keys: ["id": key]) }
        guard let found else { throw Refusal.notFound("no company \(key)") }
        return found
    }

    private mutating func pick<R: Record>(_ type: R.Type, _ environment: EnvironmentID) throws -> R {
        let all = try shop.engine.read(environment) { try $0.list(R.self, limit: 10_000) }
        guard let one = all.randomElement(using: &random) else { throw Refusal.notFound("nothing there") }
        return one
    }

    private mutating func moveClock(_ environment: EnvironmentID) async throws {
        let steps: [TimeSpan] = [.seconds(1), .minutes(50), .hours(7), .days(9), .days(26)]
        clocks[environment]! = clocks[environment]! + steps.randomElement(using: &random)!
        try await shop.engine.setTestClock(clocks[environment]!, in: environment)
    }

    private mutating func track(_ environment: EnvironmentID) async throws {
        let now = clocks[environment]!
        let events = (0..<Int.random(in: 1...20, using: &random)).map { _ in
            var event = UsageEvent(
                company: ["id": Self.companies.randomElement(using: &random)!],
                event: Self.events.randomElement(using: &random)!, quantity: Int64.random(in: -3...30, using: &random))
            if Bool.random(using: &random) { event.idempotencyKey = "k\(Int.random(in: 0..<200, using: &random))" }
            if Int.random(in: 0..<4, using: &random) == 0 {
                event.user = ["id": "u\(Int.random(in: 0..<9, using: &random))"]
            }
            switch Int.random(in: 0..<6, using: &random) {
            case 0: event.isBackfill = true
            case 1, 2: event.trustsSentAt = true
            default: break
            }
            event.sentAt = now - TimeSpan(milliseconds: Int64.random(in: -300_000...2_900_000_000, using: &random))
            return event
        }
        _ = try await shop.engine.track(events, in: environment)
    }

    private mutating func consume(_ environment: EnvironmentID) async throws {
        var request = ConsumeRequest(
            company: ["id": Self.companies.randomElement(using: &random)!],
            event: Self.events.randomElement(using: &random)!, quantity: Int64.random(in: 1...9, using: &random))
        if Bool.random(using: &random) { request.idempotencyKey = "k\(Int.random(in: 0..<200, using: &random))" }
        _ = try await shop.engine.consume(request, in: environment)
    }

    private mutating func managePlan(_ environment: EnvironmentID) async throws {
        var manage = ManagePlan(companyID: try company(environment).id)
        manage.basePlanID = Int.random(in: 0..<8, using: &random) == 0 ? nil : try pick(Plan.self, environment).id
        if Int.random(in: 0..<3, using: &random) == 0 { manage.couponExternalID = "five" }
        if Int.random(in: 0..<3, using: &random) == 0 { manage.promoCode = "tenth" }
        _ = try await shop.engine.execute(manage, in: environment)
    }

    private mutating func cancel(_ environment: EnvironmentID) async throws {
        var cancel = CancelSubscription(companyID: try company(environment).id)
        cancel.immediately = .random(using: &random)
        _ = try await shop.engine.execute(cancel, in: environment)
    }

    private mutating func override(_ environment: EnvironmentID) async throws {
        if Bool.random(using: &random) {
            let override = try pick(CompanyOverride.self, environment)
            return try await shop.engine.execute(DeleteCompanyOverride(overrideID: override.id), in: environment)
        }
        var value = EntitlementValue(type: .numeric)
        value.numeric = Int64.random(in: 0...500, using: &random)
        let create = CreateCompanyOverride(
            companyID: try company(environment).id, featureID: try pick(Feature.self, environment).id, value: value)
        _ = try await shop.engine.execute(create, in: environment)
    }

    private mutating func settle(_ environment: EnvironmentID) async throws {
        let id = try pick(Invoice.self, environment).id
        switch Int.random(in: 0..<6, using: &random) {
        case 0: _ = try await shop.engine.execute(FinalizeInvoice(invoiceID: id), in: environment)
        case 1: _ = try await shop.engine.execute(VoidInvoice(invoiceID: id), in: environment)
        case 2: _ = try await shop.engine.execute(MarkInvoiceUncollectible(invoiceID: id), in: environment)
        case 3, 4: try await credit(id, environment)
        default:
            var pay = MarkInvoicePaid(invoiceID: id, idempotencyKey: "p\(Int.random(in: 0..<5, using: &random))")
            pay.amount = Int64.random(in: 1...900, using: &random)
            _ = try await shop.engine.execute(pay, in: environment)
        }
    }

    /// Takes back a part of some line.
    private mutating func credit(_ id: Identifier<Invoice>, _ environment: EnvironmentID) async throws {
        let invoice = try shop.engine.read(environment) { try $0.get(id) }
        guard let line = invoice?.lines.randomElement(using: &random) else { return }
        let most = max(1, abs(line.amount))
        let part = CreateCreditNote.Part(
            lineID: line.id, amount: Int64.random(in: 1...most, using: &random), quantity: nil)
        _ = try await shop.engine.execute(CreateCreditNote(invoiceID: id, parts: [part]), in: environment)
    }

    /// What must hold of every company's money at any time.
    func expectBalancedBooks() throws {
        for environment in environments {
            try shop.engine.read(environment) { view in
                for invoice in try view.invoices(limit: .max) {
                    let added = invoice.lines.reduce(0) { $0 + ($1.type == .tax ? $1.amount : 0) }
                    #expect(invoice.total == invoice.subtotal - invoice.discount + added)
                    #expect(invoice.amountRemaining >= 0 && (invoice.credits?.total ?? 0) <= max(0, invoice.total))
                    if invoice.status == .paid { #expect(invoice.amountRemaining == 0) }
                }
                for company in try view.list(Company.self, limit: .max) {
                    let final = try view.invoices(of: company.id, limit: .max) { $0.status != .draft }
                    let owed = final.reduce(0) { $0 + $1.amountRemaining }
                    let balance = try view.balance(of: company)?.amount(in: .usd) ?? 0
                    #expect(balance >= 0)
                    let statement = try view.statement(of: company, in: .usd, from: nil, to: nil)
                    #expect(statement.closing == owed - balance)
                }
            }
        }
    }

    private mutating func settings(_ environment: EnvironmentID) async throws {
        var settings = UpdateBillingSettings()
        settings.timezone = ["UTC", "Asia/Kolkata", "Australia/Lord_Howe"].randomElement(using: &random)!
        settings.invoiceGraceSeconds = [0, 3600, 40_000].randomElement(using: &random)!
        settings.autoFinalize = Int.random(in: 0..<4, using: &random) > 0
        _ = try await shop.engine.execute(settings, in: environment)
    }

    private mutating func delete(_ environment: EnvironmentID) async throws {
        if Bool.random(using: &random) {
            let delete = DeleteBilledCompany(companyID: try company(environment).id)
            _ = try await shop.engine.execute(delete, in: environment)
            return
        }
        var delete = DeleteCompany(companyID: try company(environment).id)
        delete.cancelSubscription = .random(using: &random)
        _ = try await shop.engine.execute(delete, in: environment)
    }

    private mutating func newVersion(_ environment: EnvironmentID) async throws {
        let entitlement = try pick(PlanEntitlement.self, environment)
        let update = UpdatePlanEntitlement(
            entitlementID: entitlement.id,
            input: .payAsYouGo(cents: Model.Decimal(Int64.random(in: 1...9, using: &random))))
        let changed = try await shop.engine.execute(update, in: environment)
        _ = try await shop.engine.execute(
            PublishPlanVersion(versionID: changed.versionID, migrationStrategy: .leave), in: environment)
    }

    private mutating func upsert(_ environment: EnvironmentID) async throws {
        var upsert = UpsertCompany(keys: ["id": Self.companies.randomElement(using: &random)!])
        upsert.traits = ["size": .number("\(Int.random(in: 0..<100, using: &random))")]
        if Int.random(in: 0..<5, using: &random) == 0 { upsert.timezone = "America/New_York" }
        let company = try await shop.engine.execute(upsert, in: environment)
        guard Int.random(in: 0..<4, using: &random) == 0 else { return }
        var profile = UpdateBillingProfile(profileID: company.billingProfile.id)
        profile.taxRates = [
            TaxRate(name: "added", percent: Model.Decimal("8.875")!, isInclusive: false),
            TaxRate(name: "contained", percent: 19, isInclusive: true),
        ].filter { _ in Bool.random(using: &random) }
        _ = try await shop.engine.execute(profile, in: environment)
    }
}
