import Model
import Testing

@Suite("Filters on an event's traits")
struct TraitFilterTests {
    @Test("an operator, what it compares with, a trait, and whether it holds")
    func table() throws {
        let table = """
            eq  | "ok"      | "ok"   | yes
            eq  | "ok"      | "OK"   | no
            eq  | 5         | 5.0    | yes
            eq  | 1e2       | 100    | yes
            eq  | 5         | "5"    | no
            eq  | true      | true   | yes
            eq  | true      | "true" | no
            eq  | "ok"      | –      | no
            eq  | "ok"      | null   | no
            ne  | "ok"      | "ok"   | no
            ne  | "ok"      | "no"   | yes
            ne  | "ok"      | 5      | yes
            ne  | "ok"      | –      | yes
            ne  | "ok"      | null   | yes
            in  | "a" "b" 3 | "b"    | yes
            in  | "a" "b" 3 | 3.00   | yes
            in  | "a" "b" 3 | "3"    | no
            in  | "a" "b" 3 | –      | no
            gt  | 10        | 10     | no
            gt  | 10        | 10.1   | yes
            gt  | 10        | "11"   | no
            gt  | 10        | –      | no
            gt  | "b"       | "c"    | yes
            gte | 10        | 10     | yes
            gte | 10        | 9.9    | no
            gte | -1        | -1e0   | yes
            lt  | 10        | 9      | yes
            lt  | 10        | 10     | no
            lt  | "b"       | "a"    | yes
            lte | 10        | 10     | yes
            lte | 10        | true   | no
            lte | 10        | 1e99   | no
            """
        for row in rows(table) {
            let filter = TraitFilter(
                trait: "t", operator: try #require(TraitFilter.Operator(rawValue: row[0])),
                values: row[1].split(separator: " ").compactMap { value(String($0)) })
            #expect(filter.holds(of: value(row[2])) == (row[3] == "yes"), "\(row)")
        }
    }

    @Test(
        "a number with an exponent is read exactly, or not at all",
        arguments: [
            ("1e2", "100"), ("1E+2", "100"), ("-1.25e1", "-12.5"), ("125e-3", "0.125"), ("1.5", "1.5"), ("0e9", "0"),
            ("1e64", nil), ("1e-40", nil), ("1e999999999999", nil), ("1e", nil),
        ] as [(String, String?)])
    func literals(text: String, expected: String?) {
        #expect(Decimal(literal: text)?.description == expected)
    }

    @Test("a value as JSON; numbers that are none are null")
    func json() {
        let value = TraitValue.object([
            "b": .array([.null, .bool(true), .number("-1.50e+3"), .number("1]"), .number("01"), .number("")]),
            "a\"\n\u{1}": .string("é\\"), "c": .object([:]),
        ])
        #expect(
            String(decoding: value.json, as: UTF8.self)
                == #"{"a\"\u000a\u0001":"é\\","b":[null,true,-1.50e+3,null,null,null],"c":{}}"#)
    }

    private func value(_ text: String) -> TraitValue? {
        switch text {
        case "–": nil
        case "null": .null
        case "true": .bool(true)
        default: text.first == "\"" ? .string(String(text.dropFirst().dropLast())) : .number(text)
        }
    }
}
