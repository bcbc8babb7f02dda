internal import Model
internal import TestSupport
internal import Testing

@Suite struct MoneyTests {
    @Test(
        arguments: rows(
            """
            usd | 250000               | 2,500.00 USD
            usd | -2450                | -24.50 USD
            usd | 5                    | 0.05 USD
            usd | 0                    | 0.00 USD
            usd | 99999                | 999.99 USD
            usd | 100000               | 1,000.00 USD
            jpy | 1000                 | 1,000 JPY
            jpy | 0                    | 0 JPY
            kwd | -1234567             | -1,234.567 KWD
            clf | 12345                | 1.2345 CLF
            usd | -9223372036854775808 | -92,233,720,368,547,758.08 USD
            """))
    func `amounts are shown in major units`(row: [String]) throws {
        #expect(try money(row[1], row[0]).description == row[2])
    }

    @Test(arguments: ["", "USD", "us", "usdd", "xxx", "xau", "btc", " usd"])
    func `what is not a lower-case ISO 4217 code is refused`(code: String) {
        #expect(Currency(code) == nil)
    }

    @Test(
        arguments: rows(
            """
            usd | 5   | 1 1 1 | 2 2 1
            jpy | 5   | 1 1 1 | 2 2 1
            usd | -5  | 1 1 1 | -2 -2 -1
            usd | 100 | 1 2   | 33 67
            usd | 100 | 0 1 0 | 0 100 0
            usd | 10  | 7     | 10
            usd | 0   | 3 4   | 0 0
            usd | 10  | 1 2 4 | 1 3 6
            usd | -9223372036854775808 | 1 1 | -4611686018427387904 -4611686018427387904
            usd | 9223372036854775807 | 9223372036854775807 9223372036854775807 | 4611686018427387904 4611686018427387903
            """))
    func `largest remainder, ties in input order`(row: [String]) throws {
        let weights = row[2].split(separator: " ").compactMap { Int64($0) }
        let shares = try money(row[1], row[0]).split(weights: weights)
        #expect(shares.map { String($0.minorUnits) }.joined(separator: " ") == row[3])
    }

    @Test func `shares add up to the whole and are within one unit of exact`() throws {
        var generator = SplitMix(seed: seed)
        for _ in 0..<2000 {
            let amount = Int64.random(in: -1_000_000...1_000_000, using: &generator)
            var weights = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
                Int64.random(in: 0...1000, using: &generator)
            }
            weights[0] += 1
            let total = weights.reduce(0, +)
            let shares = Money(minorUnits: amount, currency: .usd).split(weights: weights)
            #expect(shares.reduce(0) { $0 + $1.minorUnits } == amount, "\(amount) over \(weights), seed \(seed)")
            for (share, weight) in zip(shares, weights) {
                let error = abs(share.minorUnits * total - amount * weight)
                #expect(error < total, "\(amount) over \(weights), seed \(seed)")
            }
        }
    }

    @Test func `sums are checked`() throws {
        let five = Money(minorUnits: 5, currency: .usd)
        #expect(try five.adding(five) == Money(minorUnits: 10, currency: .usd))
        let most = Money(minorUnits: .max, currency: .usd)
        #expect(throws: MoneyError.overflow(most, five)) { try most.adding(five) }
        let yen = try money("5", "jpy")
        #expect(throws: MoneyError.currenciesDiffer(five, yen)) { try five.adding(yen) }
    }

    private func money(_ minorUnits: String, _ code: String) throws -> Money {
        Money(minorUnits: try #require(Int64(minorUnits)), currency: try #require(Currency(code)))
    }
}
