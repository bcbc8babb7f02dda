internal import Model
internal import Rating
internal import TestSupport
internal import Testing

@Suite struct RateTests {
    /// Amounts are cents; each result is `quantity→amount`. Columns: source, price, results.
    @Test(
        arguments: rows(
            """
            Stripe docs          | graduated ≤5 @700, ≤10 @650, rest @600 | 0→0 1→700 5→3500 6→4150 20→12750
            Lago, flats          | graduated ≤10 @1000 +200, ≤20 @500 +300, rest @500 +300 | 0→0 1→1200 10→10200 11→11000 12→11500 20→15500 21→16300
            Stripe docs          | volume ≤5 @700, ≤10 @650, rest @600 | 0→0 5→3500 6→3900 10→6500 11→6600 20→12000
            Lago docs, flats     | volume ≤10000 @0.1 +1000, ≤50000 @0.08 +1000, ≤100000 @0.06 +1000, rest @0.04 +1000 | 65000→4900
            OpenMeter, delta     | volume ≤15 @1000, rest @500 | 15→15000 16→8000
            Schematic, overage   | 500 free, then 1 | 0→0 500→0 501→1 600→100 5000→4500
            nothing free         | 0 free, then 3 | 0→0 1→3
            flights              | graduated ≤500 @400, ≤2000 @325, rest @210 | 4605→1234550
            miles                | 250000 free, then 0.25 | 250000→0 250001→0 250002→1 6746943→1624236
            seats                | each 1000 | 0→0 4→4000
            a fraction of a cent | each 0.000000000001 | 499999999999→0 500000000000→1
            fractions of a unit  | graduated ≤0.5 @100, rest @10 | 0.25→25 0.5→50 0.500000001→50 1→55
            rounded once         | graduated ≤1 @0.4, ≤2 @0.4, rest @0.4 | 1→0 2→1 3→1
            corrections          | graduated ≤5 @700 +200, rest @600 | -1→0 -0.5→0 1→900
            """))
    func `quantities are rated`(row: [String]) throws {
        let model = try priceModel(row[1])
        for result in row[2].split(separator: " ") {
            let sides = result.split(separator: "→")
            let amount = try rate(quantity: try decimal(sides[0]), under: model).amount
            #expect(amount == Int64(sides[1]), "\(row[0]): \(result) was \(amount)")
        }
    }

    /// 100 units accrued at 100 cents, rated under the plan that the company upgraded to.
    @Test(
        arguments: rows(
            """
            stay            | each 100 | 10000
            cheaper         | each 50 | 5000
            overage         | 50 free, then 50 | 2500
            tiered          | volume ≤50 +1000, ≤200 +2000, rest +3000 | 2000
            tiered, graduated | graduated ≤50 +1000, ≤200 +2000, rest +3000 | 3000
            unlimited       | each 0 | 0
            """))
    func `accrued usage under a new plan`(row: [String]) throws {
        #expect(try rate(quantity: 100, under: try priceModel(row[1])).amount == Int64(row[2]), "\(row[0])")
    }

    /// Columns: price, quantity, whether anything is charged.
    @Test(
        arguments: rows(
            """
            graduated ≤5 @7 +200, rest @6         | 0  | 0
            graduated at zero ≤5 @7 +200, rest @6 | 0  | 200
            volume ≤5 @7 +200, rest @6            | 0  | 0
            volume at zero ≤5 @7 +200, rest @6    | 0  | 200
            volume at zero ≤5 @7 +200, rest @6    | -3 | 200
            graduated at zero ≤5 @7 +200, rest @6 | 1  | 207
            """))
    func `the first flat amount at quantity zero`(row: [String]) throws {
        #expect(try rate(quantity: try decimal(row[1]), under: try priceModel(row[0])).amount == Int64(row[2]))
    }

    /// Each tier: `≤upTo quantity × unit + flat = amount`, of the last one `rest …`.
    @Test(
        arguments: rows(
            """
            graduated ≤500 @400, ≤2000 @325, rest @210 | 4605 | ≤500 500 × 400 + 0 = 200000; ≤2000 1500 × 325 + 0 = 487500; rest 2605 × 210 + 0 = 547050
            graduated ≤500 @400, ≤2000 @325, rest @210 | 500  | ≤500 500 × 400 + 0 = 200000
            graduated ≤5 @1 +2, rest @1 +3 | 5.5 | ≤5 5 × 1 + 2 = 7; rest 0.5 × 1 + 3 = 3.5
            volume ≤5 @7, ≤10 @6.5 +1, rest @6 | 10 | ≤10 10 × 6.5 + 1 = 66
            volume ≤5 @7, ≤10 @6.5 +1, rest @6 | 11 | rest 11 × 6 + 0 = 66
            50 free, then 0.25 | 60 | ≤50 50 × 0 + 0 = 0; rest 10 × 0.25 + 0 = 2.5
            each 3 | 7 | rest 7 × 3 + 0 = 21
            each 3 | 0 |
            each 3 | -2 |
            volume at zero ≤5 @7 +9, rest @6 | 0 | ≤5 0 × 7 + 9 = 9
            """))
    func `the tiers that were charged are told`(row: [String]) throws {
        let rated = try rate(quantity: try decimal(row[1]), under: try priceModel(row[0]))
        let tiers = rated.tiers.map { tier in
            "\(tier.upTo.map { "≤\($0)" } ?? "rest") \(tier.quantity) × \(tier.unitAmount)"
                + " + \(tier.flatAmount) = \(tier.amount)"
        }
        #expect(tiers.joined(separator: "; ") == row[2])
        #expect(rated.billedQuantity == max(0, try decimal(row[1])))
        #expect(try rated.exactAmount.roundedToInteger() == rated.amount)
    }

    @Test func `10^18 units at 10^6 dollars are exact, then too much for a line`() throws {
        let units = try decimal("1000000000000000000")
        let error = #expect(throws: ArithmeticOverflow.self) {
            try rate(quantity: units, under: .perUnit(unit: 100_000_000))
        }
        #expect(error?.operation == "rounding 100000000000000000000000000")
        #expect(try rate(quantity: units, under: .perUnit(unit: 9)).amount == 9_000_000_000_000_000_000)
    }

    @Test func `a product past 128 bits is an error`() throws {
        let units = try decimal("1000000000000000000.000000001")
        let unit = try decimal("100000000000000.000000000001")
        #expect(throws: ArithmeticOverflow.self) { try rate(quantity: units, under: .perUnit(unit: unit)) }
        #expect(throws: ArithmeticOverflow.self) { try lineAmount(quantity: units, unitAmount: unit) }
    }

    @Test func `tiers agree with pricing unit by unit, at every edge and around it`() throws {
        var generator = SplitMix(seed: seed)
        for _ in 0..<200 {
            let edges = Set((0..<4).map { _ in Int64.random(in: 1...40, using: &generator) }).sorted()
            let tiers = (0...edges.count).map { index in
                PriceTier(
                    upTo: index < edges.count ? Decimal(edges[index]) : nil,
                    unitAmount: Decimal(coefficient: Int128.random(in: 0...999, using: &generator), scale: 1)!,
                    flatAmount: Decimal(Int64.random(in: 0...9, using: &generator)))
            }
            var previous = Decimal.zero
            for quantity in 0...Int64(45) {
                let graduated = try rate(quantity: Decimal(quantity), under: .graduated(tiers: tiers))
                let volume = try rate(quantity: Decimal(quantity), under: .volume(tiers: tiers))
                var byUnit = Decimal.zero
                var tierOfLast = -1
                for unit in stride(from: Int64(1), through: quantity, by: 1) {
                    let tier = edges.firstIndex { unit <= $0 } ?? edges.count
                    if tier != tierOfLast { byUnit = try byUnit.adding(tiers[tier].flatAmount) }
                    byUnit = try byUnit.adding(tiers[tier].unitAmount)
                    tierOfLast = tier
                }
                #expect(graduated.exactAmount == byUnit, "\(quantity) under \(tiers), seed \(seed)")
                #expect(graduated.exactAmount >= previous, "graduated totals never fall: \(quantity), seed \(seed)")
                previous = graduated.exactAmount
                if tierOfLast >= 0 {
                    let last = tiers[tierOfLast]
                    let whole = try last.unitAmount.multiplied(by: Decimal(quantity)).adding(last.flatAmount)
                    #expect(volume.exactAmount == whole, "\(quantity) under \(tiers), seed \(seed)")
                } else {
                    #expect(volume.exactAmount == 0)
                }
            }
        }
    }
}
