import Basics
import Billing
import Catalog
import Model
import Store
import TestSupport
import Testing
import Tollgate

/// Use that is billed before its period ends comes to what one bill at the end comes to.
@Suite("Early bills")
struct EarlyBillTests {
    @Test(
        "bill of every period what one bill would",
        arguments: (1...8).map { $0 as UInt64 } + (0..<6).map { _ in UInt64.random(in: 100...UInt64.max) })
    func sum(seed: UInt64) async throws {
        let whole = try await EarlyLife.live(seed, isEarly: false)
        let parts = try await EarlyLife.live(seed, isEarly: true)
        let difference = parts.text.difference(from: whole.text)
        #expect(difference.isEmpty, "seed \(seed)")
        #expect(whole.billed.count > 2 && whole.earlyLines == 0)
    }

    @Test("do come early, and of every kind of price but volume tiers")
    func kinds() async throws {
        var early = 0
        for seed in 1...6 as ClosedRange<UInt64> {
            early += try await EarlyLife.live(seed, isEarly: true).earlyLines
        }
        #expect(early > 20)
    }
}

/// What one life was billed.
private struct EarlyBooks {
    struct Part: Hashable {
        let feature: String
        let periodStart: Timestamp
    }

    struct Sum: Equatable {
        var quantity = Model.Decimal.zero
        var amount: Int64 = 0
    }

    var billed: [Part: Sum] = [:]
    /// Lines of use that was billed early.
    var earlyLines = 0

    var text: [String] {
        billed.map { "\($0.feature) from \($0.periodStart.rfc3339): \($1.quantity) for \($1.amount)" }.sorted()
    }
}

/// One company's life on random prices, with use, late use, use that is taken back, upgrades and an end. The same seed
/// makes the same life, whether use is billed early or not.
private struct EarlyLife {
    private let isEarly: Bool
    private var random: SplitMix
    private static let events = ["calls", "bytes", "rows"]

    static func live(_ seed: UInt64, isEarly: Bool) async throws -> EarlyBooks {
        var life = EarlyLife(isEarly: isEarly, random: SplitMix(seed: seed))
        return try await life.live()
    }

    private mutating func live() async throws -> EarlyBooks {
        var clock = at("2024-01-31T10:20:30Z")
        let shop = try await Workshop(at: clock.rfc3339)
        var features: [Feature] = []
        for event in Self.events { features.append(try await shop.eventFeature(event)) }
        let interval: PriceInterval = [.monthly, .quarterly, .yearly].randomElement(using: &random)!
        var plans: [Plan] = []
        for number in 0..<3 {
            let priced = features.map { ($0, input()) }
            plans.append(
                try await shop.plan("plan \(number)", monthly: 0, priced) { billing in
                    billing.prices = [PriceInput(interval: interval, amount: Int64(number) * 1000, currency: .usd)]
                })
        }
        let acme = try await shop.company("acme", on: plans[0])
        var plan = 0
        for _ in 0..<60 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0 where plan < 2:
                plan += 1
                try await shop.move(acme, to: plans[plan])
            case 1...6:
                clock = clock + TimeSpan(milliseconds: Int64.random(in: 1...900_000_000, using: &random))
                try await shop.engine.setTestClock(clock, in: shop.environment)
            case 7: try await shop.reopen()
            default: try await use(shop, clock)
            }
        }
        var manage = CancelSubscription(companyID: acme.id)
        manage.immediately = .random(using: &random)
        _ = try await shop.run(manage)
        for _ in 0..<5 { try await use(shop, clock) }
        // Past all that can come late, and the ends of the longest period.
        try await shop.engine.setTestClock(clock + .days(500), in: shop.environment)
        try shop.expectVerified()
        return try books(shop)
    }

    private mutating func use(_ shop: Workshop, _ clock: Timestamp) async throws {
        var event = UsageEvent(
            company: ["id": "acme"], event: Self.events.randomElement(using: &random)!,
            quantity: Int64.random(in: 1...80, using: &random))
        if Int.random(in: 0..<12, using: &random) == 0 { event.quantity = -event.quantity }
        if Int.random(in: 0..<3, using: &random) == 0 {
            event.trustsSentAt = true
            event.sentAt = clock - TimeSpan(milliseconds: Int64.random(in: 0...2_900_000_000, using: &random))
        }
        _ = try await shop.engine.track([event], in: shop.environment)
    }

    // MARK: - Prices

    private mutating func input() -> EntitlementInput {
        var input = EntitlementInput(valueType: .unlimited)
        let unit = Model.Decimal(["0.35", "7", "12.5", "100"].randomElement(using: &random)!)!
        input.priceBehavior = .payAsYouGo
        switch Int.random(in: 0..<7, using: &random) {
        case 0: input.unitPrices = .init(monthly: unit)
        case 1:
            input.priceBehavior = .overage
            input.softLimit = Int64.random(in: 0...60, using: &random)
            input.unitPrices = .init(monthly: unit)
        case 2...3: input = .tiers(Bool.random(using: &random) ? .graduated : .volume, tiers())
        case 4:
            input.unitPrices = .init(monthly: unit)
            input.packageSize = Int64.random(in: 2...30, using: &random)
            input.packageRounding = [nil, .up, .down].randomElement(using: &random)!
        default:
            var percentage = PercentagePrice(
                rate: Model.Decimal(["1.3", "10", "33.3"].randomElement(using: &random)!)!)
            percentage.fixedAmount = [0, 1, 30].randomElement(using: &random)!
            if Bool.random(using: &random) { percentage.freeEvents = Int64.random(in: 0...4, using: &random) }
            if Bool.random(using: &random) {
                percentage.freeAmount = Model.Decimal(Int64.random(in: 0...99, using: &random))
            }
            if Bool.random(using: &random) { percentage.minimumAmount = 7 }
            if Bool.random(using: &random) { percentage.maximumAmount = 29 }
            input.percentage = percentage
        }
        if Int.random(in: 0..<3, using: &random) == 0, input.percentage == nil, input.priceBehavior != .overage {
            input.freeQuantity = Model.Decimal(Int64.random(in: 1...70, using: &random))
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            input.minimumAmount = Int64.random(in: 1...900, using: &random)
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            input.maximumAmount = Int64.random(in: 900...3000, using: &random)
        }
        makeEarly(&input)
        return input
    }

    /// Draws the same numbers whether they count or not.
    private mutating func makeEarly(_ input: inout EntitlementInput) {
        let threshold = Bool.random(using: &random) ? Int64.random(in: 1...500, using: &random) : nil
        let cadence: OverageCadence? = [nil, .monthly, .quarterly].randomElement(using: &random)!
        let anchor: OverageAnchor? = [nil, .monthEnd].randomElement(using: &random)!
        guard isEarly else { return }
        input.billingThreshold = threshold
        guard input.priceBehavior == .overage else { return }
        input.overageCadence = cadence
        input.overageAnchor = cadence == nil ? nil : anchor
    }

    private mutating func tiers() -> [PriceTier] {
        var upTo: Int64 = 0
        var tiers: [PriceTier] = []
        for isOpen in [false, false, true] {
            upTo += Int64.random(in: 1...90, using: &random)
            tiers.append(
                PriceTier(
                    upTo: isOpen ? nil : Model.Decimal(upTo),
                    unitAmount: Model.Decimal(Int64.random(in: 0...20, using: &random)),
                    flatAmount: [0, 0, 250].randomElement(using: &random)!))
        }
        return tiers
    }

    // MARK: - Books

    /// By feature and period: what its use was billed, corrected, and brought within its bounds.
    private func books(_ shop: Workshop) throws -> EarlyBooks {
        var books = EarlyBooks()
        for line in try shop.invoices().flatMap(\.lines) {
            guard let feature = line.featureKey else { continue }
            let part = EarlyBooks.Part(feature: feature, periodStart: line.period.start)
            if line.type == .usage || line.type == .correction {
                let quantity = try books.billed[part, default: .init()].quantity.adding(line.quantity)
                books.billed[part, default: .init()].quantity = quantity
            }
            books.billed[part, default: .init()].amount += line.amount
            if line.usageBasis?.isEarly == true { books.earlyLines += 1 }
        }
        return books
    }
}
