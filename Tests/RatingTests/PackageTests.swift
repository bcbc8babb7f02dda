internal import Model
internal import Rating
internal import TestSupport
internal import Testing

@Suite struct PackageTests {
    /// Amounts are cents; each result is `quantity→amount`. Columns: source, price, results.
    @Test(
        arguments: rows(
            """
            OpenMeter         | 10 for 1500      | 0→0 1→1500 10→1500 11→3000 20→3000 21→4500
            only full ones    | 10 for 1500 down | 0→0 9→0 10→1500 19→1500 20→3000
            a begun fraction  | 10 for 1500      | 0.000000001→1500 10.000000001→3000
            a cut fraction    | 10 for 1500 down | 9.999999999→0 10.5→1500
            of one            | 1 for 7          | 3→21 3.5→28
            some free         | 100 above 10 for 1500 | 0→0 100→0 101→1500 110→1500 111→3000
            corrections       | 10 for 1500      | -1→0
            rounded once      | 3 for 0.4        | 3→0 6→1 9→1
            """))
    func `packages are rated whole`(row: [String]) throws {
        let model = try priceModel(row[1])
        for result in row[2].split(separator: " ") {
            let sides = result.split(separator: "→")
            let amount = try rate(quantity: try decimal(sides[0]), under: model).amount
            #expect(amount == Int64(sides[1]), "\(row[0]): \(result) was \(amount)")
        }
    }

    /// Columns: price, quantity, the tiers as `≤upTo quantity × unit + flat`, the last one as `rest …`.
    @Test(
        arguments: rows(
            """
            10 for 1500              | 25  | rest 3 × 1500 + 0
            100 above 10 for 1500    | 125 | ≤100 100 × 0 + 0; rest 3 × 1500 + 0
            100 above each 3         | 40  | ≤100 40 × 0 + 0
            10 above graduated ≤5 @7 +2, rest @6 | 16 | ≤10 10 × 0 + 0; ≤15 5 × 7 + 2; rest 1 × 6 + 0
            10 above volume ≤5 @7, rest @6       | 16 | ≤10 10 × 0 + 0; rest 6 × 6 + 0
            10 above graduated at zero ≤5 @7 +2, rest @6 | 4 | ≤10 4 × 0 + 0; ≤15 0 × 7 + 2
            """))
    func `what is free is a tier of its own`(row: [String]) throws {
        let rated = try rate(quantity: try decimal(row[1]), under: try priceModel(row[0]))
        let tiers = rated.tiers.map { tier in
            "\(tier.upTo.map { "≤\($0)" } ?? "rest") \(tier.quantity) × \(tier.unitAmount) + \(tier.flatAmount)"
        }
        #expect(tiers.joined(separator: "; ") == row[2])
    }

    @Test func `more use never costs less, and what is free costs what the rest does`() throws {
        var generator = SplitMix(seed: seed)
        for _ in 0..<500 {
            let size = Int64.random(in: 1...20, using: &generator)
            let unit = Decimal(Int64.random(in: 0...500, using: &generator))
            let free = Int64.random(in: 0...30, using: &generator)
            let rounding = PackageRounding.allCases.randomElement(using: &generator)!
            let model = PriceModel.package(size: size, rounding: rounding, unit: unit)
            var previous: Int64 = 0
            for quantity in Int64(0)...60 {
                let amount = try rate(quantity: Decimal(quantity), under: model).amount
                #expect(amount >= previous, "\(quantity) under \(model), seed \(seed)")
                previous = amount
                let later = try rate(quantity: Decimal(quantity + free), under: .above(free: Decimal(free), model))
                #expect(later.amount == amount, "\(quantity) + \(free) free under \(model), seed \(seed)")
            }
        }
    }
}
