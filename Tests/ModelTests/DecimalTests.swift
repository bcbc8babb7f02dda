internal import Model
internal import TestSupport
internal import Testing

@Suite struct DecimalTests {
    @Test(
        arguments: rows(
            """
            0                                       | 0
            -0                                      | 0
            0.000                                   | 0
            007                                     | 7
            2.50                                    | 2.5
            -0.25                                   | -0.25
            100                                     | 100
            0.000000000000000000001                 | 0.000000000000000000001
            12345678901234567.123456789012345678901 | 12345678901234567.123456789012345678901
            170141183460469231731687303715884105727 | 170141183460469231731687303715884105727
            -170141183460469231731687303715884105727 | -170141183460469231731687303715884105727
            """))
    func `text is read and written in lowest terms`(row: [String]) throws {
        let value = try #require(Decimal(row[0]))
        #expect(value.description == row[1])
        #expect(Decimal(value.description) == value)
    }

    @Test(arguments: [
        "", "-", ".", "+1", " 1", "1 ", "1.", ".5", "-.5", "--1", "1.2.3", "1e3", "1E3", "0x10", "NaN", "inf", "1,000",
        "١",
        "0.0000000000000000000001", "170141183460469231731687303715884105728",
        "9999999999999999999999999999999999999999999999999999999999",
    ])
    func `other text is refused`(text: String) {
        #expect(Decimal(text) == nil)
    }

    @Test func `equal values hash alike however they were written`() throws {
        let spellings =
            ["2.5", "2.50", "02.500000000000000000000"].map { Decimal($0) } + [Decimal(coefficient: 25, scale: 1)]
        #expect(Set(spellings).count == 1)
    }

    @Test(
        arguments: rows(
            """
            -170141183460469231731687303715884105727 | 0.000000000000000000001
            -1.5 | -1.2
            -1   | -0.999999999999999999999
            -0.5 | 0
            0    | 0.5
            1.25 | 1.3
            9.9  | 10
            12345678901234567.123456789012345678901 | 170141183460469231731687303715884105727
            """))
    func `the left is less than the right`(row: [String]) throws {
        let (left, right) = (try #require(Decimal(row[0])), try #require(Decimal(row[1])))
        #expect(left < right)
        #expect(!(right < left))
        #expect(right.negated < left.negated)
    }

    @Test(
        arguments: rows(
            """
            0.4     | 0
            0.5     | 1
            -0.5    | -1
            -0.4    | 0
            1.5     | 2
            2.5     | 3
            -2.5    | -3
            2.499999999999999999999 | 2
            1624235.75              | 1624236
            9223372036854775807.4   | 9223372036854775807
            -9223372036854775808.4  | -9223372036854775808
            """))
    func `rounding goes to the nearest integer, halves away from zero`(row: [String]) throws {
        #expect(try #require(Decimal(row[0])).roundedToInteger() == Int64(row[1]))
    }

    @Test(arguments: ["9223372036854775807.5", "-9223372036854775808.5", "170141183460469231731687303715884105727"])
    func `rounding past 64 bits is an error`(text: String) throws {
        let value = try #require(Decimal(text))
        #expect(throws: ArithmeticOverflow.self) { try value.roundedToInteger() }
    }

    @Test(
        arguments: rows(
            """
            170141183460469231731687303715884105727 | + | 1
            -170141183460469231731687303715884105727 | - | 1
            170141183460469231731687303715884105727 | + | 0.1
            170141183460469231731687303715884105727 | × | 2
            0.000000000001                          | × | 0.0000000001
            """))
    func `what does not fit is an error, not a wrap`(row: [String]) throws {
        let (left, right) = (try #require(Decimal(row[0])), try #require(Decimal(row[2])))
        let error = #expect(throws: ArithmeticOverflow.self) {
            switch row[1] {
            case "+": try left.adding(right)
            case "-": try left.subtracting(right)
            default: try left.multiplied(by: right)
            }
        }
        #expect(error?.operation.contains(row[0]) == true)
    }

    @Test func `10^18 units at 10^6 dollars are exact`() throws {
        let units = try #require(Decimal("1000000000000000000"))
        #expect(try units.multiplied(by: 100_000_000).description == "1" + String(repeating: "0", count: 26))
    }

    @Test func `arithmetic agrees with schoolbook arithmetic on digits`() throws {
        var generator = SplitMix(seed: seed)
        var exact = 0
        for _ in 0..<3000 {
            let (left, right) = (Decimal.random(using: &generator), Decimal.random(using: &generator))
            let (slowLeft, slowRight) = (SlowDecimal(left), SlowDecimal(right))
            let cases: [(Result<Decimal, ArithmeticOverflow>, SlowDecimal, String)] = [
                (result { () throws(ArithmeticOverflow) in try left.adding(right) }, slowLeft.adding(slowRight), "+"),
                (
                    result { () throws(ArithmeticOverflow) in try left.subtracting(right) },
                    slowLeft.adding(slowRight.negated), "-"
                ),
                (
                    result { () throws(ArithmeticOverflow) in try left.multiplied(by: right) },
                    slowLeft.multiplied(by: slowRight), "×"
                ),
            ]
            for (fast, slow, sign) in cases {
                switch fast {
                case .success(let value):
                    exact += 1
                    #expect(value.description == slow.description, "\(left) \(sign) \(right), seed \(seed)")
                case .failure:
                    #expect(slow.isTooLarge(operands: [left, right]), "\(left) \(sign) \(right), seed \(seed)")
                }
            }
            #expect((left < right) == slowLeft.adding(slowRight.negated).isNegative, "\(left) < \(right), seed \(seed)")
        }
        #expect(exact > 3000, "most of the sample is exact, seed \(seed)")
    }
}

private func result(
    _ body: () throws(ArithmeticOverflow) -> Decimal
) -> Result<Decimal, ArithmeticOverflow> {
    do { return .success(try body()) } catch { return .failure(error) }
}

extension Decimal {
    fileprivate static func random(using generator: inout SplitMix) -> Decimal {
        let digits = Int.random(in: 1...38, using: &generator)
        var magnitude: Int128 = 0
        for _ in 0..<digits { magnitude = magnitude * 10 + Int128.random(in: 0...9, using: &generator) }
        let signed = Bool.random(using: &generator) ? magnitude : -magnitude
        return Decimal(coefficient: signed, scale: Int.random(in: 0...21, using: &generator))!
    }
}

/// Signed digits, least first, with any number of places: slow and plainly right.
private struct SlowDecimal: CustomStringConvertible {
    var isNegative: Bool
    var digits: [Int]
    var places: Int

    init(_ value: Decimal) {
        isNegative = value.isNegative
        digits = String(value.coefficient.magnitude).reversed().map { $0.wholeNumberValue! }
        places = value.scale
    }

    private init(signedColumns: [Int], places: Int) {
        self.places = places
        digits = []
        var columns = signedColumns
        // The sign is that of the highest column that is not zero once every column is between -9 and 9.
        for index in columns.indices.dropLast() {
            columns[index + 1] += columns[index] / 10
            columns[index] %= 10
        }
        isNegative = (columns.last { $0 != 0 } ?? 0) < 0
        if isNegative { columns = columns.map { -$0 } }
        for index in columns.indices.dropLast() where columns[index] < 0 {
            columns[index] += 10
            columns[index + 1] -= 1
        }
        digits = columns
    }

    var negated: SlowDecimal {
        var copy = self
        copy.isNegative.toggle()
        return copy
    }

    func adding(_ other: SlowDecimal) -> SlowDecimal {
        let common = max(places, other.places)
        var columns = [Int](repeating: 0, count: 64)
        for number in [self, other] {
            for (index, digit) in number.digits.enumerated() {
                columns[index + common - number.places] += number.isNegative ? -digit : digit
            }
        }
        return SlowDecimal(signedColumns: columns, places: common)
    }

    func multiplied(by other: SlowDecimal) -> SlowDecimal {
        var columns = [Int](repeating: 0, count: 84)
        for (index, digit) in digits.enumerated() {
            for (otherIndex, otherDigit) in other.digits.enumerated() {
                columns[index + otherIndex] += isNegative == other.isNegative ? digit * otherDigit : -digit * otherDigit
            }
        }
        return SlowDecimal(signedColumns: columns, places: places + other.places)
    }

    /// Whether the result, or an operand at the result's places, needs more than 38 digits or 21 places.
    func isTooLarge(operands: [Decimal]) -> Bool {
        let longest = digits.count - digits.reversed().prefix { $0 == 0 }.count
        let aligned = operands.map { String($0.coefficient.magnitude).count + places - $0.scale }.max()!
        let fraction = description.split(separator: ".").dropFirst().first?.count ?? 0
        return longest >= 39 || aligned >= 39 || fraction > 21
    }

    var description: String {
        var text = String(digits.map { Character(String($0)) }.reversed())
        text = String(repeating: "0", count: max(0, places + 1 - text.count)) + text
        var whole = Substring(text.dropLast(places)).drop { $0 == "0" }
        if whole.isEmpty { whole = "0" }
        var fraction = text.suffix(places)
        while fraction.last == "0" { fraction.removeLast() }
        let magnitude = fraction.isEmpty ? String(whole) : "\(whole).\(fraction)"
        return isNegative && magnitude != "0" ? "-" + magnitude : magnitude
    }
}
