import Basics
import Model
import Testing

@testable import API

@Suite struct FieldsTests {
    private func fields(_ text: String) throws -> Fields {
        let json = try Array(text.utf8).withUnsafeBytes { try JSONParser.parse($0) }
        guard case .object(let values) = json else { throw Refusal.invalid("not an object") }
        return Fields(values)
    }

    @Test func readsEveryType() throws {
        let body = try fields(
            """
            {"s":"x","b":false,"i":-9223372036854775808,"d":0.25,"dt":"0.250","t":"2026-08-01T00:00:00.5Z","c":"usd",
            "id":"\(Identifier<Plan>(ordinal: 7))","e":"pay_in_advance","l":["a","b"],"m":{"k":"v"},"n":null}
            """)
        #expect(try body.required("s") == "x")
        #expect(try body.required("b") == false)
        #expect(try body.required("i") == Int64.min)
        #expect(try body.required("d") == Decimal("0.25"))
        #expect(try body.required("dt") == Decimal("0.25"))
        #expect(try body.required("t") == Timestamp(rfc3339: "2026-08-01T00:00:00.500Z"))
        #expect(try body.required("c") == Currency.usd)
        #expect(try body.required("id") == Identifier<Plan>(ordinal: 7))
        #expect(try body.required("e") == PriceBehavior.payInAdvance)
        #expect(try body.required("l") == ["a", "b"])
        #expect(try body.required("m") == ["k": "v"])
        #expect(try body.optional("n") as String? == nil)
        #expect(try body.optional("absent") as Int64? == nil)
    }

    @Test func refusesWithTheFieldsName() throws {
        let table: [(String, String, (Fields) throws -> Void)] = [
            ("{}", "monthly_price is missing", { _ = try $0.required("monthly_price") as Int64 }),
            (#"{"keys":null}"#, "keys is missing", { _ = try $0.required("keys") as [String: String] }),
            (
                #"{"monthly_price":10.5}"#, "monthly_price must be an integer of at most 64 bits, not 10.5",
                { _ = try $0.optional("monthly_price") as Int64? }
            ),
            (
                #"{"q":1e30}"#, "q must be an integer of at most 64 bits, not 1e30",
                { _ = try $0.optional("q") as Int64? }
            ),
            (
                #"{"q":"5"}"#, "q must be an integer of at most 64 bits, not \"5\"",
                { _ = try $0.optional("q") as Int64? }
            ),
            (
                #"{"plan_type":"x"}"#, "plan_type must be one of plan, add_on, not \"x\"",
                { _ = try $0.optional("plan_type") as PlanType? }
            ),
            (
                #"{"plan_id":"feat_1"}"#, "plan_id must be an id that begins with plan_, not \"feat_1\"",
                { _ = try $0.optional("plan_id") as Identifier<Plan>? }
            ),
            (
                #"{"t":"2026-02-30T00:00:00Z"}"#,
                "t must be an RFC 3339 date and time such as 2026-08-01T00:00:00Z, not \"2026-02-30T00:00:00Z\"",
                { _ = try $0.optional("t") as Timestamp? }
            ),
            (
                #"{"p":1e-2}"#, "p must be a decimal such as \"0.25\", not 1e-2",
                { _ = try $0.optional("p") as Decimal? }
            ),
            (#"{"b":0}"#, "b must be true or false, not 0", { _ = try $0.optional("b") as Bool? }),
            (
                #"{"c":"USD"}"#, "c must be a lower-case ISO 4217 code such as usd, not \"USD\"",
                { _ = try $0.optional("c") as Currency? }
            ),
            (
                #"{"keys":{"id":5}}"#, "keys must be an object in which every value is a string, not an object",
                { _ = try $0.optional("keys") as [String: String]? }
            ),
            (
                #"{"ids":"a"}"#, "ids must be a list in which every element is a string, not \"a\"",
                { _ = try $0.optional("ids") as [String]? }
            ),
            (#"{"rules":{}}"#, "rules must be a list, not an object", { _ = try $0.objects("rules") }),
            (#"{"rules":[{},1]}"#, "rules[1] must be an object, not 1", { _ = try $0.objects("rules") }),
            (
                #"{"rules":[{"name":1}]}"#, "rules[0].name must be a string, not 1",
                { _ = try $0.objects("rules")[0].required("name") as String }
            ),
            (
                #"{"flag":{}}"#, "flag.key is missing", { _ = try $0.object("flag")?.required("key") as String? }
            ),
            (
                #"{"coupon":"x","add_ons":[]}"#, "coupon is not part of this release",
                { try $0.refuseUnsupported("add_ons", "coupon") }
            ),
        ]
        for (text, sentence, read) in table {
            let body = try fields(text)
            #expect(throws: Refusal.invalid(sentence), "\(text)") { try read(body) }
        }
    }

    @Test func longValuesAreCutInSentences() throws {
        let body = try fields(#"{"b":"\#(String(repeating: "x", count: 5000))"}"#)
        let sentence = "b must be true or false, not \"\(String(repeating: "x", count: 40))…\""
        #expect(throws: Refusal.invalid(sentence)) { _ = try body.optional("b") as Bool? }
    }
}
