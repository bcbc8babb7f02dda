import Basics
import Model
import Testing

@testable import API

@Suite struct QueryTests {
    @Test(
        arguments: [
            ("keys%5Bid%5D=acme", ["id": "acme"]),
            ("keys%5Bx+y%5D=%C3%A9&keys%5Bid%5D=a%2Bb+c", ["x y": "é", "id": "a+b c"]),
            ("keys[id]=a&keys[id]=b&other[id]=c&keys=d", ["id": "b"]),
            ("keys[]=x", ["": "x"]),
            ("other=1&", nil),
            (nil, nil),
        ] as [(String?, [String: String]?)])
    func maps(_ text: String?, _ expected: [String: String]?) throws {
        #expect(try Query(text).map("keys") == expected)
    }

    @Test func listsRepeatTheName() throws {
        let query = try Query("event_types=track&event_types=identify&ids=")
        #expect(try query.list("event_types") == [EventType.track, .identify])
        #expect(try query.list("absent") as [String]? == nil)
        #expect(try query.list("ids") == [""])
    }

    @Test func showsWhatWasAskedForInTheTypesOfTheContract() throws {
        let plan = Identifier<Plan>(ordinal: 1)
        let query = try Query(
            "plan_id=\(plan)&plan_ids=\(plan)&with_subscription=true&q=100&limit=5&unknown=1&keys[a]=1")
        let plans: OneOf<Identifier<Plan>> = try query.oneOf("plan_ids", single: "plan_id")
        #expect(plans.values == [plan])
        #expect(try query.optional("with_subscription") == true)
        #expect(try query.search().text == "100")
        #expect(try query.page() == (offset: 0, limit: 5))
        #expect(query.map("keys") == ["a": "1"])
        #expect(
            query.echo == [
                "plan_id": .string("\(plan)"), "plan_ids": .array([.string("\(plan)")]),
                "with_subscription": .bool(true),
                "q": .string("100"), "limit": .number("5"), "offset": .number("0"),
                "keys": .object(["a": .string("1")]),
            ])
    }

    @Test(arguments: [
        ("", 0, 100), ("limit=1", 0, 1), ("limit=1000&offset=7", 7, 1000), ("limit=9&limit=10", 0, 10),
    ])
    func pages(_ text: String, _ offset: Int, _ limit: Int) throws {
        #expect(try Query(text).page() == (offset: offset, limit: limit))
    }

    @Test(arguments: [
        ("limit=0", "limit must be between 1 and 1000, not 0"),
        ("limit=1001", "limit must be between 1 and 1000, not 1001"),
        ("limit=ten", "the query parameter limit must be an integer of at most 64 bits, not \"ten\""),
        (
            "limit=99999999999999999999",
            "the query parameter limit must be an integer of at most 64 bits, not \"99999999999999999999\""
        ),
        ("offset=-1", "offset must not be negative, as -1 is"),
        ("x=%zz", "the query has \"x=%zz\", which is not percent-encoded UTF-8"),
        ("x=%ff", "the query has \"x=%ff\", which is not percent-encoded UTF-8"),
        ("x=%e", "the query has \"x=%e\", which is not percent-encoded UTF-8"),
    ])
    func refuses(_ text: String, _ sentence: String) {
        #expect(throws: Refusal.invalid(sentence)) { _ = try Query(text).page() }
    }

    @Test func filtersUniteSingularAndPlural() throws {
        func plans(_ text: String) throws -> OneOf<Identifier<Plan>> {
            try Query(text).oneOf("plan_ids", single: "plan_id")
        }
        let (first, second) = (Identifier<Plan>(ordinal: 1), Identifier<Plan>(ordinal: 2))
        #expect(try plans("").allows(first) && plans("").allows(nil))
        #expect(try plans("plan_id=\(first)").values == [first])
        #expect(try plans("plan_ids=\(second)&plan_ids=\(first)").values == [first, second])
        #expect(try plans("plan_id=\(first)&plan_ids=\(second)").values == [first, second])
        #expect(try !plans("plan_id=\(first)").allows(second) && !plans("plan_id=\(first)").allows(nil))
        #expect(try Query("q=aC").search().allows(["Zebra", "BACON"]))
        #expect(try !Query("q=aC").search().allows(["Zebra"]))
    }
}
