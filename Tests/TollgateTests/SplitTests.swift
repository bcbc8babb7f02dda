import Basics
import Billing
import Catalog
import Model
import TestSupport
import Testing
import Tollgate

/// The same events make the same invoices, in however many pieces they come and however often the engine restarts and
/// the closer runs.
@Suite("Splitting")
struct SplitTests {
    @Test(
        "a period's events over ingests, restarts and runs of the closer leaves the invoices as they are",
        arguments: [1, UInt64.random(in: 2...UInt64.max)])
    func splitting(seed: UInt64) async throws {
        let whole = try await SplitLife.live(seed, split: nil)
        #expect(whole.count > 15)
        for way in 1...2 as ClosedRange<UInt64> {
            let split = try await SplitLife.live(seed, split: seed &+ way)
            #expect(split.difference(from: whole).isEmpty, "seed \(seed), way \(way)")
        }
    }
}

/// Three companies for half a year of the machine's time. What happens is decided by one seed, in which pieces it comes
/// by another.
private struct SplitLife {
    private let clock: HandClock
    private let shop: Workshop
    private var random: SplitMix
    private var split: SplitMix?
    private var keys = 0
    private static let events = ["calls", "bytes", "rows"]
    private static let companies = ["a", "b", "c"]

    /// Everything about all invoices, ids included.
    static func live(_ seed: UInt64, split: UInt64?) async throws -> [String] {
        let clock = HandClock(at("2024-01-31T07:08:09.010Z"))
        var life = SplitLife(
            clock: clock, shop: try await Workshop(clock: clock), random: SplitMix(seed: seed),
            split: split.map { SplitMix(seed: $0) })
        try await life.run()
        return try life.shop.invoices().map { String(describing: $0) }
    }

    private mutating func run() async throws {
        let plans = try await plans()
        var companies: [Company] = []
        for key in Self.companies { companies.append(try await shop.company(key, on: plans[0])) }
        var profile = UpdateBillingProfile(profileID: companies[0].billingProfile.id)
        profile.taxRates = [
            TaxRate(name: "VAT", percent: Model.Decimal("8.875")!, isInclusive: false),
            TaxRate(name: "levy", percent: 3, isInclusive: true),
        ]
        _ = try await shop.run(profile)
        for turn in 0..<40 {
            try await wait(
                until: clock.read() + TimeSpan(milliseconds: Int64.random(in: 1...800_000_000, using: &random)))
            if turn == 13 { try await shop.move(companies[1], to: plans[1]) }
            if turn == 29 { try await shop.move(companies[2], to: plans[1]) }
            // What comes late meets an invoice that is a draft or final, and so must everybody's closer have made it.
            try await shop.engine.closeDue(in: shop.environment)
            try await send(events())
        }
        try await wait(until: clock.read() + .days(70))
        try await shop.engine.closeDue(in: shop.environment)
        try shop.expectVerified()
    }

    private func plans() async throws -> [Plan] {
        var features: [Feature] = []
        for event in Self.events { features.append(try await shop.eventFeature(event)) }
        let tiers = EntitlementInput.tiers(
            .graduated,
            [
                PriceTier(upTo: 100, unitAmount: Model.Decimal("3.3")!),
                PriceTier(upTo: nil, unitAmount: 1, flatAmount: 40),
            ])
        var percentage = EntitlementInput(valueType: .unlimited)
        percentage.priceBehavior = .payAsYouGo
        percentage.percentage = PercentagePrice(rate: Model.Decimal("1.3")!)
        percentage.percentage?.fixedAmount = 2
        percentage.percentage?.freeAmount = 500
        var bounded = EntitlementInput.overage(included: 50, cents: 7)
        bounded.minimumAmount = 300
        bounded.maximumAmount = 4000
        let entitlements = Array(zip(features, [tiers, percentage, bounded]))
        return [
            try await shop.plan("One", monthly: 1900, entitlements),
            try await shop.plan("Two", monthly: 4900, entitlements),
        ]
    }

    /// Of different instants, as those of one instant count in the order in which they come.
    private mutating func events() -> [UsageEvent] {
        let now = clock.read()
        var times: Set<Timestamp> = []
        return (0..<Int.random(in: 1...25, using: &random)).compactMap { _ in
            var event = UsageEvent(
                company: ["id": Self.companies.randomElement(using: &random)!],
                event: Self.events.randomElement(using: &random)!, quantity: Int64.random(in: 1...60, using: &random))
            let reach: Int64 = Int.random(in: 0...3, using: &random) == 0 ? 2_900_000_000 : 80_000_000
            let time = now - TimeSpan(milliseconds: Int64.random(in: 0...reach, using: &random))
            event.sentAt = time
            event.trustsSentAt = true
            keys += 1
            event.idempotencyKey = "k\(keys)"
            return times.insert(time).inserted ? event : nil
        }
    }

    // MARK: - Pieces

    /// In one piece; or in any order, in pieces of any size, some of them again, with restarts in between.
    private mutating func send(_ events: [UsageEvent]) async throws {
        guard split != nil else {
            _ = try await shop.engine.track(events, in: shop.environment)
            return
        }
        var rest = events.shuffled(using: &split!)[...]
        var sent: [UsageEvent] = []
        while !rest.isEmpty {
            var piece = Array(rest.prefix(Int.random(in: 1...6, using: &split!)))
            rest = rest.dropFirst(piece.count)
            let again = Int.random(in: 0...2, using: &split!) == 0 ? sent.suffix(3) : []
            piece = (piece + again).shuffled(using: &split!)
            let answer = try await shop.engine.track(piece, in: shop.environment)
            #expect(answer.conflicts == 0 && answer.duplicates == again.count)
            sent += piece
            if Int.random(in: 0..<20, using: &split!) == 0 { try await shop.reopen() }
            if Int.random(in: 0..<6, using: &split!) == 0 { try await shop.engine.closeDue(in: shop.environment) }
        }
    }

    /// With the closer coming by at any instants, or not at all.
    private mutating func wait(until end: Timestamp) async throws {
        while split != nil, Int.random(in: 0...2, using: &split!) > 0 {
            let left = end.milliseconds - clock.read().milliseconds
            let next = clock.read() + TimeSpan(milliseconds: Int64.random(in: 0...left, using: &split!))
            clock.set(next)
            let until = Int.random(in: 0...1, using: &split!) == 0 ? nil : next - .minutes(7)
            try await shop.engine.closeDue(until: until, in: shop.environment)
        }
        clock.set(end)
    }
}
