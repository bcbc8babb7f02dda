import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("Billing through the engine")
struct BillingTests {
    // MARK: - Calendar

    struct CalendarRow: Sendable {
        let zone: String
        let start: String
        let starts: [String]
    }

    @Test(
        "periods start where the anchor's calendar says",
        arguments: [
            CalendarRow(
                zone: "UTC", start: "2022-12-31T00:00:00Z",
                starts: [
                    "2022-12-31T00:00:00Z", "2023-01-31T00:00:00Z", "2023-02-28T00:00:00Z", "2023-03-31T00:00:00Z",
                    "2023-04-30T00:00:00Z", "2023-05-31T00:00:00Z",
                ]),
            CalendarRow(
                zone: "America/New_York", start: "2023-03-01T05:00:00Z",
                starts: ["2023-03-01T05:00:00Z", "2023-04-01T04:00:00Z", "2023-05-01T04:00:00Z"]),
            CalendarRow(
                zone: "Asia/Kolkata", start: "2023-01-31T18:30:00Z",
                starts: ["2023-01-31T18:30:00Z", "2023-02-28T18:30:00Z", "2023-03-31T18:30:00Z"]),
            CalendarRow(
                zone: "Australia/Lord_Howe", start: "2024-03-06T14:17:33.123Z",
                starts: ["2024-03-06T14:17:33.123Z", "2024-04-06T14:17:33.123Z", "2024-05-06T14:47:33.123Z"]),
        ])
    func calendar(row: CalendarRow) async throws {
        let shop = try await Workshop(at: row.start)
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 100, [(calls, .payAsYouGo(cents: 1))])
        var upsert = UpsertCompany(keys: ["id": "acme"])
        upsert.timezone = row.zone
        try await shop.run(upsert)
        _ = try await shop.company("acme", on: plan)
        // One unit a millisecond before each boundary, ten at the boundary itself, 100 a minute later.
        for start in row.starts.dropFirst() {
            try await shop.engine.setTestClock(at(start) - TimeSpan(milliseconds: 1), in: shop.environment)
            try await shop.track("calls", "acme", 1)
            try await shop.setClock(start)
            try await shop.track("calls", "acme", 10)
            try await shop.engine.setTestClock(at(start) + .minutes(1), in: shop.environment)
            try await shop.track("calls", "acme", 100)
        }
        let periods = try shop.invoices().dropFirst().map(\.period)
        #expect(periods.map(\.start.rfc3339) == row.starts.dropLast().map { $0 })
        #expect(periods.map(\.end.rfc3339) == row.starts.dropFirst().map { $0 })
        let billed = try shop.invoices().dropFirst().map { $0.lines.first { $0.type == .usage }?.quantity }
        #expect(billed == [1] + Array(repeating: 111, count: row.starts.count - 2))
        try shop.expectVerified()
    }

    // MARK: - Price models

    struct ModelRow: Sendable, CustomTestStringConvertible {
        let name: String
        let input: EntitlementInput
        /// Quantity and minor units.
        let rows: [(Int64, Int64)]
        var testDescription: String { name }
    }

    private static func tier(_ upTo: Model.Decimal?, _ unit: Model.Decimal, _ flat: Model.Decimal = 0) -> PriceTier {
        PriceTier(upTo: upTo, unitAmount: unit, flatAmount: flat)
    }

    static let models = [
        ModelRow(
            name: "graduated", input: .tiers(.graduated, [tier(5, 700), tier(10, 650), tier(nil, 600)]),
            rows: [(0, 0), (1, 700), (5, 3500), (6, 4150), (20, 12750)]),
        ModelRow(
            name: "graduated with flats",
            input: .tiers(.graduated, [tier(10, 1000, 200), tier(20, 500, 300), tier(nil, 500, 300)]),
            rows: [(0, 0), (1, 1200), (10, 10200), (11, 11000), (12, 11500), (21, 16300)]),
        ModelRow(
            name: "volume", input: .tiers(.volume, [tier(5, 700), tier(10, 650), tier(nil, 600)]),
            rows: [(0, 0), (5, 3500), (6, 3900), (20, 12000)]),
        ModelRow(name: "overage", input: .overage(included: 500, cents: 1, limit: 5000), rows: [(500, 0), (600, 100)]),
        ModelRow(name: "half cents", input: .payAsYouGo(cents: Model.Decimal("0.5")!), rows: [(1, 1), (2, 1), (3, 2)]),
    ]

    @Test("a period's usage costs what the price model says", arguments: models)
    func priceModel(row: ModelRow) async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 0, [(calls, row.input)])
        for (quantity, _) in row.rows {
            _ = try await shop.company("c\(quantity)", on: plan)
            if quantity > 0 { try await shop.track("calls", "c\(quantity)", quantity) }
        }
        try await shop.setClock("2024-02-01T01:00:00Z")
        let lines = try shop.invoices().flatMap(\.lines).filter { $0.type == .usage }
        #expect(lines.map(\.quantity) == row.rows.map { Model.Decimal($0.0) })
        #expect(lines.map(\.amount) == row.rows.map(\.1))
        try shop.expectVerified()
    }

    @Test("seats are paid at the start of the period")
    func seats() async throws {
        let shop = try await Workshop()
        let seats = try await shop.eventFeature("seats")
        let plan = try await shop.plan("Team", monthly: 0, [(seats, .seats(cents: 1000, preset: 4))])
        _ = try await shop.company("acme", on: plan)
        #expect(try shop.ledger() == ["open INV-000001 2024-01-01…2024-02-01: base 0 + seat 4→4000"])
    }
}
