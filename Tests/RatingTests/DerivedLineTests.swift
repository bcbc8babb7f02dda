import Basics
import Model
import Rating
import TestSupport
import Testing

@Suite("Commitments, discounts and taxes")
struct DerivedLineTests {
    /// Charges are `type amount [min m] [max m]`, terms `-10%`, `-500`, `+8.875%` (added), `=19%` (contained).
    /// Derived lines are `type source amount`, with the tax where prices contain it; source `all` is the invoice.
    @Test(
        "each row: charges | terms | the lines that follow, and the total",
        arguments: [
            "base 4900, usage 0                  |                     | → 4900",
            // Commitments.
            "usage 3000 min 5000                 |                     | commitment 0 2000 → 5000",
            "usage 0 min 5000                    |                     | commitment 0 5000 → 5000",
            "usage 5000 min 5000                 |                     |  → 5000",
            "base 100, usage 1 min 2, usage 9    |                     | commitment 1 1 → 111",
            // A percent coupon: each base and usage line, rounded; nothing else.
            "base 4900, usage 3425               | -10%                | discount 0 -490, discount 1 -343 → 7492",
            "base 5, seat 100                    | -50%                | discount 0 -3 → 102",
            "base 4900, usage 0                  | -100%               | discount 0 -4900 → 0",
            "proration_charge 100, correction 9  | -50%                | → 109",
            "usage 3000 min 5000                 | -10%                | commitment 0 2000, discount 0 -300 → 4700",
            "base 999                            | -33.333333%         | discount 0 -333 → 666",
            // An amount coupon: one line, down to 0.
            "base 4900, usage 100                | -500                | discount all -500 → 4500",
            "base 4900, seat 100                 | -9000               | discount all -5000 → 0",
            "base 4900, proration_charge 2500    | -9000               | discount all -4900 → 2500",
            "base 4900, proration_credit -2450   | -9000               | discount all -2450 → 0",
            "base 100, correction -300           | -50                 | → -200",
            "usage 0                             | -50                 | → 0",
            // The maximum comes after discounts.
            "usage 7000 max 5000                 |                     | discount 0 -2000 → 5000",
            "usage 5000 max 5000                 |                     | → 5000",
            "usage 7000 max 5000                 | -10%                | discount 0 -700, discount 0 -1300 → 5000",
            "usage 5500 max 5000                 | -10%                | discount 0 -550 → 4950",
            "usage 9000 max 5000, base 1000      | -1000               | discount all -1000, discount 0 -3100 → 5900",
            // Taxes: each line and rate, rounded.
            "base 20000                          | +25%                | tax 0 5000 → 25000",
            "base 4900, usage 3425               | +8.875%             | tax 0 435, tax 1 304 → 9064",
            "base 4900, usage 0                  | +8.875%             | tax 0 435 → 5335",
            "base 10000                          | -10% +8.875%        | discount 0 -1000, tax 0 888, tax 1 -89 → 9799",
            "base 10000                          | +5% +9.975%         | tax 0 500, tax 0 998 → 11498",
            "base 11900                          | =19%                | tax 0 0 (1900) → 11900",
            "base 12000                          | =10% =10%           | tax 0 0 (1000), tax 0 0 (1000) → 12000",
            "base 100, proration_credit -50      | +10%                | tax 0 10, tax 1 -5 → 55",
            "usage 10 min 30                     | +10%                | commitment 0 20, tax 0 1, tax 1 2 → 33",
        ])
    func table(_ row: String) throws {
        let cells = row.split(separator: "|").map { $0.trimmed }
        let charges = try cells[0].split(separator: ", ").map(charge)
        let lines = try derivedLines(from: charges, terms(cells[1]))
        let total = (charges.map(\.amount) + lines.map(\.amount)).reduce(0, +)
        let text = lines.map { line in
            "\(line.type.rawValue) \(line.source.map(String.init) ?? "all") \(line.amount)"
                + (line.tax.map { $0 == line.amount ? "" : " (\($0))" } ?? "")
        }
        #expect("\(text.joined(separator: ", ")) → \(total)".trimmed == cells[2])
    }

    @Test("an amount coupon never makes a total negative, and no line exceeds its maximum")
    func bounds() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = SplitMix(seed: seed)
        for _ in 0..<500 {
            let charges = try (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                let (amount, maximum) = (
                    Int.random(in: 0...9999, using: &generator), Int.random(in: 0...9999, using: &generator)
                )
                return try charge("usage \(amount) max \(maximum)")
            }
            let off = Int.random(in: 1...20_000, using: &generator)
            let lines = try derivedLines(from: charges, terms("-\(off)"))
            let total = (charges.map(\.amount) + lines.map(\.amount)).reduce(0, +)
            let most = charges.map { min($0.amount, $0.usageBasis!.maximum!) }.reduce(0, +)
            #expect((0...most).contains(total), "\(charges.map(\.amount)) -\(off): \(total)")
        }
    }

    private func charge(_ text: some StringProtocol) throws -> InvoiceLine {
        let words = text.split(separator: " ")
        let period = Period(start: Timestamp(milliseconds: 0), end: Timestamp(milliseconds: 1000))
        var line = InvoiceLine(
            id: Identifier(ordinal: 1), type: try #require(InvoiceLineType(rawValue: String(words[0]))),
            description: "", planID: Identifier(ordinal: 1), versionID: Identifier(ordinal: 1), quantity: 1,
            unitAmount: nil, amount: try #require(Int64(words[1])), period: period)
        guard line.type == .usage else { return line }
        var basis = UsageBasis(meterID: nil, period: period, model: .perUnit(unit: 1))
        for (word, value) in zip(words.dropFirst(2), words.dropFirst(3)) {
            if word == "min" { basis.minimum = Int64(value) }
            if word == "max" { basis.maximum = Int64(value) }
        }
        line.usageBasis = basis
        return line
    }

    private func terms(_ text: String) throws -> InvoiceTerms? {
        var discount: SubscriptionDiscount?
        var rates: [TaxRate] = []
        for word in text.split(separator: " ") {
            let number = try #require(Decimal(String(word.dropFirst().filter { $0 != "%" })))
            guard word.hasPrefix("-") else {
                rates.append(TaxRate(name: "tax", percent: number, isInclusive: word.hasPrefix("=")))
                continue
            }
            let reduction: CouponReduction =
                word.hasSuffix("%")
                ? .percent(number) : .amount(Money(minorUnits: try number.roundedToInteger(), currency: .usd))
            let coupon = Coupon(
                id: Identifier(ordinal: 1), externalID: "c", name: "c", reduction: reduction, duration: .forever,
                months: 0, maxRedemptions: 0, timesRedeemed: 0, createdAt: Timestamp(milliseconds: 0))
            discount = SubscriptionDiscount(
                id: Identifier(ordinal: 1), coupon, startedAt: Timestamp(milliseconds: 0), endsAt: nil)
        }
        return InvoiceTerms(discount: discount, taxRates: rates)
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
