import Basics
import Billing
import Model
import TestSupport
import Testing
import Tollgate

/// Periods that end at the same instant are closed together: that must not show.
@Suite struct CloseTests {
    /// What one life billed, and what was refused on the way.
    private struct Books: Equatable {
        var invoices: [String] = []
        var refused: [String] = []
    }

    private static let companies = 30

    /// Companies that subscribe at one instant, use, are late, cancel and cannot be billed, by a seed.
    private func life(_ seed: UInt64, together: Int) async throws -> Books {
        var options = Workshop.options
        options.closesTogether = together
        var random = SplitMix(seed: seed)
        let shop = try await Workshop(options: options)
        let features = [try await shop.eventFeature("calls"), try await shop.eventFeature("rows")]
        let tiers = EntitlementInput.tiers(
            .graduated, [PriceTier(upTo: 100, unitAmount: 3), PriceTier(upTo: nil, unitAmount: 1)])
        let plans = [
            try await shop.plan(
                "One", monthly: 4900, [(features[0], .payAsYouGo(cents: 1_000_000)), (features[1], tiers)]),
            try await shop.plan("Two", monthly: 900, [(features[0], .overage(included: 10, cents: 2))]),
        ]
        for number in 0..<Self.companies {
            _ = try await shop.company("c\(number)", on: plans[Int.random(in: 0...1, using: &random)])
        }
        // More than an amount can hold.
        let hopeless = try await shop.company("c\(Int.random(in: 0..<Self.companies, using: &random))", on: plans[0])
        for _ in 0..<20 {
            try await shop.track("calls", hopeless.keys[0].value, 1_000_000_000_000_000)
        }
        var books = Books()
        // Where the clock goes, and a day of the period before, as far as there is one.
        let steps = [
            ("02-01T00:30", nil), ("02-01T03:00", "01-31"), ("03-01T00:00", "01-31"), ("03-01T00:59", "02-29"),
            ("04-01T02:00", "02-29"),
        ]
        for (time, earlier) in steps {
            for _ in 0..<20 {
                let event = ["calls", "rows"][Int.random(in: 0...1, using: &random)]
                let company = "c\(Int.random(in: 0..<Self.companies, using: &random))"
                let quantity = Int64.random(in: 1...300, using: &random)
                if let earlier, Bool.random(using: &random) {
                    try await shop.trackLate(event, company, quantity, "2024-\(earlier)T12:00:00Z")
                } else {
                    try await shop.track(event, company, quantity)
                }
            }
            try await shop.setClock("2024-\(time):00Z")
            books.refused += try await shop.engine.closeDue(in: shop.environment).refused
        }
        books.invoices = try shop.invoices().map { String(describing: $0) }
        try shop.expectVerified()
        return books
    }

    @Test(
        "closed together or one by one, the invoices are the same to the byte, and nobody waits for a refused one",
        arguments: [1, UInt64.random(in: 2...UInt64.max)])
    func together(seed: UInt64) async throws {
        let alone = try await life(seed, together: 1)
        #expect(alone.refused.count == 5)
        // The first invoice of each, and one for each month of all but one.
        #expect(alone.invoices.count >= Self.companies + 3 * (Self.companies - 1))
        for together in [7, 128] {
            let books = try await life(seed, together: together)
            #expect(books == alone, "\(together) together")
        }
    }

    /// Companies that subscribe at some minutes of a day, by a seed; a grace that changes while drafts wait; and a clock
    /// that goes on in steps of `minutes`.
    private func walk(_ seed: UInt64, minutes: Int64) async throws -> Books {
        var random = SplitMix(seed: seed)
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("One", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        let start = at("2024-01-01T00:00:00Z")
        let subscribing = (0..<12).map { _ in [0, 10, 30, 31, 50].randomElement(using: &random)! as Int64 }.sorted()
        for (number, minute) in subscribing.enumerated() {
            try await shop.engine.setTestClock(start + .minutes(minute), in: shop.environment)
            _ = try await shop.company("c\(number)", on: plan)
        }
        try await shop.setClock("2024-01-15T00:00:00Z")
        for number in subscribing.indices { try await shop.track("calls", "c\(number)", Int64(number) + 1) }
        var books = Books()
        // A long grace first, so that what ends later may be final earlier.
        let stops: [(String, graces: [Int64])] = [
            ("02-01T00:40", [3_600, 10_800]), ("02-01T08:00", [0, 600, 1_800]), ("03-01T08:00", [0, 600, 3_600]),
        ]
        for (time, graces) in stops {
            let hour = at("2024-\(time):00Z")
            var settings = UpdateBillingSettings()
            settings.invoiceGraceSeconds = graces.randomElement(using: &random)!
            settings.autoFinalize = Int.random(in: 0..<5, using: &random) > 0
            _ = try await shop.run(settings)
            var clock = hour - .hours(8)
            while clock < hour {
                clock = min(clock + .minutes(minutes), hour)
                if clock > shop.engine.now(in: shop.environment) {
                    try await shop.engine.setTestClock(clock, in: shop.environment)
                }
            }
            #expect(try shop.invoices().allSatisfy { $0.finalizedAt ?? hour <= hour }, "nothing is final early")
        }
        let invoices = try shop.invoices()
        books.invoices = invoices.map { String(describing: $0) }
        let numbered = invoices.filter { $0.number != nil }.sorted { $0.number! < $1.number! }
        let due = numbered.sorted { ($0.finalizedAt!, $0.id) < ($1.finalizedAt!, $1.id) }
        #expect(numbered.map(\.id) == due.map(\.id), "numbers follow the order of falling due")
        #expect(!numbered.isEmpty)
        try shop.expectVerified()
        return books
    }

    @Test(
        "a closer that comes late makes the same invoices as one that was there all the time",
        arguments: [1, 2, 3, UInt64.random(in: 4...UInt64.max)])
    func lateness(seed: UInt64) async throws {
        let often = try await walk(seed, minutes: 5)
        for minutes in [45, 480] as [Int64] {
            let books = try await walk(seed, minutes: minutes)
            #expect(books == often, "in steps of \(minutes) minutes")
        }
    }
}
