internal import Model
internal import Rating
internal import TestSupport
internal import Testing

@Suite struct PercentageTests {
    /// `1.3 % + 20` and then any of `3 events free`, `500 free`, `least 10`, `most 90`, divided by commas.
    private static func price(_ text: String) throws -> PercentagePrice {
        let parts = text.split(separator: ",").map { $0.split(separator: " ") }
        var price = PercentagePrice(rate: try decimal(parts[0][0]))
        if parts[0].count > 2 { price.fixedAmount = try decimal(parts[0][3]) }
        for part in parts.dropFirst() {
            switch (part[0], part[1]) {
            case ("least", _): price.minimumAmount = try decimal(part[1])
            case ("most", _): price.maximumAmount = try decimal(part[1])
            case (_, "events"): price.freeEvents = Int64(part[0])
            default: price.freeAmount = try decimal(part[0])
            }
        }
        return price
    }

    /// Columns: what it shows, price, events in order, amount before rounding.
    @Test(
        arguments: rows(
            """
            nothing                  | 1.3 %      |             | 0
            a percentage             | 1.3 %      | 10000       | 130
            and a fixed amount       | 1.3 % + 20 | 10000 10000 | 300
            exact for each           | 1.3 %      | 33 33 33    | 1.287
            free events              | 1 % + 20, 2 events free | 10000 10000 | 0
            then they cost           | 1 % + 20, 2 events free | 10000 10000 300 | 23
            a free amount            | 1 % + 20, 500 free | 300 200 | 0
            used up to the last cent | 1 % + 20, 500 free | 300 200 100 | 21
            the event that crosses   | 1 % + 20, 500 free | 300 300 100 | 42
            they end together, events first | 1 % + 20, 1 events free, 500 free | 100 100 | 21
            they end together, amount first | 1 % + 20, 3 events free, 500 free | 600 100 | 42
            crossing the last free event    | 1 % + 20, 1 events free, 500 free | 600 | 21
            no free events at all    | 1 % + 20, 0 events free, 500 free | 100 | 21
            at least                 | 1 %, least 50        | 100 10000 | 150
            at most                  | 1 %, most 50         | 100 10000 | 51
            the fixed amount counts  | 1 % + 20, least 50, most 60 | 100 3500 10000 | 165
            at least for the excess  | 1 %, 500 free, least 50 | 600 | 50
            an event of nothing      | 1 % + 20, least 5    | 0 | 20
            taken back at the rate   | 1 % + 20             | 10000 -5000 | 70
            never earns              | 1 %                  | 100 -5000 | 0
            free again               | 1 % + 20, 500 free   | 400 -300 350 60 | 20.1
            fractions of a unit      | 0.0000000001 %       | 0.000000001 | 0.000000000000000000001
            """))
    func `each event is rated`(row: [String]) throws {
        let events = try row[2].split(separator: " ").map { try decimal($0) }
        let sum = try events.reduce(Decimal.zero) { try $0.adding($1) }
        let rated = try rate(quantity: sum, events: events, under: .percentage(Self.price(row[1])))
        #expect(rated.exactAmount == (try decimal(row[3])), "\(row[0])")
        #expect(rated.amount == (try decimal(row[3]).roundedToInteger()), "\(row[0])")
    }

    @Test func `the tier tells what was charged, and adds up`() throws {
        let rated = try rate(
            quantity: 700, events: [300, 300, 100], under: .percentage(Self.price("1 % + 20, 500 free")))
        #expect(rated.tiers.map(\.quantity) == [200])
        #expect(rated.tiers.map(\.unitAmount) == [try decimal("0.01")])
        #expect(rated.tiers.map(\.flatAmount) == [40])
    }

    @Test func `another event never costs less, and an allowance never costs more`() throws {
        var generator = SplitMix(seed: seed)
        func some(_ upTo: Int64) -> Decimal? {
            Bool.random(using: &generator) ? Decimal(Int64.random(in: 0...upTo, using: &generator)) : nil
        }
        for _ in 0..<500 {
            var price = PercentagePrice(
                rate: Decimal(coefficient: Int128.random(in: 0...999, using: &generator), scale: 1)!)
            price.fixedAmount = some(30) ?? 0
            price.minimumAmount = some(20)
            price.maximumAmount = try some(80).map { try $0.adding(20) }
            var generous = price
            generous.freeAmount = some(900)
            generous.freeEvents = Bool.random(using: &generator) ? Int64.random(in: 0...4, using: &generator) : nil
            var events: [Decimal] = []
            var previous = Decimal.zero
            for _ in 0..<8 {
                events.append(Decimal(Int64.random(in: 0...400, using: &generator)))
                let full = try rate(quantity: 0, events: events, under: .percentage(price)).exactAmount
                let amount = try rate(quantity: 0, events: events, under: .percentage(generous)).exactAmount
                #expect(amount >= previous, "\(events) under \(generous), seed \(seed)")
                #expect(amount <= full, "\(events) under \(generous), seed \(seed)")
                previous = amount
            }
        }
    }
}
