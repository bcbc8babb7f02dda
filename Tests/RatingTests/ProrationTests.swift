internal import Model
internal import Rating
internal import TestSupport
internal import Testing

@Suite struct ProrationTests {
    /// Columns: source, minor units, seconds, of seconds, result.
    @Test(
        arguments: rows(
            """
            Stripe docs, unused half of 49.00  | -4900  | 1296000 | 2592000 | -2450
            Stripe docs, remaining half of 99.00 | 9900 | 1296000 | 2592000 | 4950
            a real Stripe invoice              | 1000   | 881112  | 2419200 | 364
            Schematic docs, downgrade          | 9900   | 1296000 | 2592000 | 4950
            Lago, credit note, 29 of 30 days   | 20000  | 2505600 | 2592000 | 19333
            nothing left                       | 4900   | 0       | 2592000 | 0
            everything left                    | 4900   | 2592000 | 2592000 | 4900
            a half goes away from zero         | 1      | 1       | 2       | 1
            also below zero                    | -1     | 1       | 2       | -1
            just below a half                  | 1      | 49      | 99      | 0
            a stub longer than the price's period | 1000 | 5184000 | 2592000 | 2000
            the largest amount                 | 9223372036854775807 | 31622400 | 31622400 | 9223372036854775807
            """))
    func `by the second, rounded once`(row: [String]) throws {
        let numbers = try row[1...4].map { try #require(Int64($0)) }
        #expect(try prorate(numbers[0], seconds: numbers[1], ofSeconds: numbers[2]) == numbers[3], "\(row[0])")
    }

    @Test func `the Unix times of the real invoice`() throws {
        let (start, change, end): (Int64, Int64, Int64) = (1_487_030_400, 1_488_568_488, 1_489_449_600)
        #expect(end - change == 881_112)
        #expect(try prorate(-1000, seconds: end - change, ofSeconds: end - start) == -364)
    }

    @Test func `a result past 64 bits is an error`() {
        #expect(throws: ArithmeticOverflow.self) { try prorate(.max, seconds: 2, ofSeconds: 1) }
    }

    @Test func `the shares of a cut period are within one unit of the price`() throws {
        var generator = SplitMix(seed: seed)
        for _ in 0..<2000 {
            let price = Int64.random(in: -1_000_000...1_000_000, using: &generator)
            let whole = Int64.random(in: 1...31_622_400, using: &generator)
            let used = Int64.random(in: 0...whole, using: &generator)
            let shares =
                try prorate(price, seconds: used, ofSeconds: whole)
                + prorate(price, seconds: whole - used, ofSeconds: whole)
            #expect(abs(shares - price) <= 1, "\(price) × \(used) of \(whole) s, seed \(seed)")
        }
    }

    /// Columns: source, quantity, unit amount in minor units, amount.
    @Test(
        arguments: rows(
            """
            Schematic, 4 seats       | 4     | 1000      | 4000
            OpenMeter, 1.235 USD     | 1     | 123.5     | 124
            OpenMeter, 1.9556789 JPY | 1     | 1.9556789 | 2
            Lago, 25 % of 193.33     | 19333 | 0.25      | 4833
            a half, below zero       | -1    | 0.5       | -1
            """))
    func `a line is rounded once`(row: [String]) throws {
        #expect(
            try lineAmount(quantity: try decimal(row[1]), unitAmount: try decimal(row[2])) == Int64(row[3]), "\(row[0])"
        )
    }
}
