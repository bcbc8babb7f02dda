import Testing
import Tollgate

@testable import TollgateCommand

@Suite struct TableTests {
    private var table: Table {
        var table = Table("who", "used", "owes", "since")
        table.append(
            .text("Acme, \"the\" first"), .number(1_234_567), .money(Money(minorUnits: -250_050, currency: .usd)), .none
        )
        table.append(
            .text("Été\n"), .none, .money(Money(minorUnits: 5, currency: Currency("jpy")!)),
            .time(Timestamp(seconds: 0)))
        return table
    }

    @Test func `for people: aligned, grouped, with currencies`() {
        var table = Table("who", "used", "owes")
        table.append(.text("Acme"), .number(1_234_567), .money(Money(minorUnits: -250_050, currency: .usd)))
        table.append(.text("A longer name"), .none, .money(Money(minorUnits: 5, currency: .usd)))
        #expect(
            table.aligned == """
                who                 used           owes
                ─────────────  ─────────  ─────────────
                Acme           1,234,567  -2,500.50 USD
                A longer name          –       0.05 USD
                """)
    }

    @Test func `csv: quoted where needed, decimal amounts`() {
        #expect(
            table.text(.csv) == """
                who,used,owes,since
                "Acme, ""the"" first",1234567,-2500.50,
                "Été
                ",,5,1970-01-01T00:00:00Z
                """)
    }

    @Test(arguments: [("a b", "a b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\"")])
    func `csv fields`(text: String, field: String) {
        var table = Table("x")
        table.append(.text(text))
        #expect(table.text(.csv) == "x\n" + field)
    }

    @Test func `json: minor units, as on the wire`() {
        #expect(
            table.text(.json) == #"""
                [
                  {"who": "Acme, \"the\" first", "used": 1234567, "owes": -250050, "since": null},
                  {"who": "Été\n", "used": null, "owes": 5, "since": "1970-01-01T00:00:00Z"}
                ]
                """#)
        #expect(Table("who").text(.json) == "[]")
    }

    @Test(arguments: [
        ("plain", #""plain""#), (#"a"b\c"#, #""a\"b\\c""#), ("\u{1}\t\n", #""\u0001\u0009\n""#), ("é/🙂", #""é/🙂""#),
    ])
    func `json strings`(text: String, quoted: String) {
        #expect(JSONText.quoted(text) == quoted)
    }

    @Test(
        arguments: [
            ("id=acme", "id", "acme"), ("id=a=b", "id", "a=b"), ("=acme", nil, nil), ("id=", nil, nil),
            ("acme", nil, nil),
        ] as [(String, String?, String?)])
    func `keys of companies`(argument: String, name: String?, value: String?) {
        let key = KeyArgument(argument: argument)
        #expect(key?.name == name && key?.value == value)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
    func `numbers for people`(number: Int, text: String) {
        #expect(number.grouped == text)
    }

    @Test(arguments: [(0.0421, "42 ms"), (3.14, "3.1 s"), (118.9, "118 s"), (4000, "4,000 s")])
    func `durations for people`(seconds: Double, text: String) {
        #expect(Duration.seconds(seconds).brief == text)
    }
}
