import Basics
import Billing
import Catalog
import EventScanner
import Model
import Store
import Testing
import Tollgate

@Suite("The rules of features with an aggregation")
struct MeasureRuleTests {
    private func feature(
        _ shop: Workshop, _ name: String, _ aggregation: Aggregation, value: String? = nil, unique: String? = nil,
        _ filters: [TraitFilter] = []
    ) async throws -> Feature {
        var create = CreateFeature(name: name, description: "", type: .event)
        create.eventSubtype = "calls"
        create.measure = measure(aggregation, value: value, unique: unique, filters)
        return try await shop.run(create)
    }

    private func measure(
        _ aggregation: Aggregation, value: String? = nil, unique: String? = nil, _ filters: [TraitFilter] = []
    ) -> Measure {
        var measure = Measure(aggregation)
        (measure.valueTrait, measure.uniqueTrait, measure.filters) = (value, unique, filters)
        return measure
    }

    private func event(_ traits: String, _ quantity: Int64 = 1, more: String = "") -> String {
        #"{"type":"track","body":{"event":"calls","company":{"id":"acme"},"quantity":\#(quantity),"traits":\#(traits)}\#(more)}"#
    }

    @Test("what cannot be counted is refused when the feature is made")
    func checks() async throws {
        let shop = try await Workshop()
        let wrong: [(Measure, String)] = [
            (measure(.count, value: "bytes"), "aggregation count has no value_trait"),
            (measure(.uniqueCount), "aggregation unique_count needs a unique_trait"),
            (measure(.uniqueCount, value: "b", unique: "u"), "aggregation unique_count has no value_trait"),
            (measure(.sum, unique: "user"), "aggregation sum has no unique_trait"),
            (
                measure(.sum, [TraitFilter(trait: "", operator: .eq, values: [.bool(true)])]),
                "a filter's trait cannot be empty"
            ),
            (
                measure(.sum, [TraitFilter(trait: "t", operator: .isIn, values: [])]),
                "the filter on \"t\" has 0 values, between 1 and 100 are allowed"
            ),
            (
                measure(.sum, [TraitFilter(trait: "t", operator: .gt, values: [.bool(true)])]),
                "the filter on \"t\" cannot order true and false by gt"
            ),
            (
                measure(.sum, [TraitFilter(trait: "t", operator: .eq, values: [.object([:])])]),
                "the filter on \"t\" needs texts, numbers or booleans to compare with"
            ),
            (
                measure(
                    .sum, Array(repeating: TraitFilter(trait: "t", operator: .eq, values: [.bool(true)]), count: 21)),
                "21 filters, at most 20 are allowed"
            ),
        ]
        for (measure, sentence) in wrong {
            var create = CreateFeature(name: "f", description: "", type: .event)
            create.eventSubtype = "calls"
            create.measure = measure
            await #expect(throws: Refusal.invalid(sentence)) { try await shop.run(create) }
        }
        var create = CreateFeature(name: "f", description: "", type: .boolean)
        create.measure = measure(.count)
        await #expect(throws: Refusal.invalid("only an event feature has an aggregation, \"f\" is a boolean feature")) {
            try await shop.run(create)
        }
    }

    @Test("another measure counts from then on; one that is charged for cannot change; the old one rests")
    func changes() async throws {
        let shop = try await Workshop()
        let peak = try await feature(shop, "peak", .max, value: "bytes")
        let free = try await shop.plan("Free", [(peak, .limit(100))])
        let company = try await shop.company("acme", on: free)
        try await shop.send("[\(event(#"{"bytes":70}"#)),\(event(#"{"bytes":20}"#))]")
        #expect(try shop.usage(company, peak) == 70)

        var update = UpdateFeature(featureID: peak.id)
        update.measure = measure(.sum, value: "bytes")
        let changed = try await shop.run(update)
        #expect(try shop.usage(company, changed) == 0)
        try await shop.send("[\(event(#"{"bytes":70}"#)),\(event(#"{"bytes":20}"#))]")
        #expect(try shop.usage(company, changed) == 90)
        update.measure = measure(.max, value: "bytes")
        let back = try await shop.run(update)
        #expect(back.meterID != peak.meterID, "what rested has missed events")
        #expect(try shop.usage(company, back) == 0)
        // Each change makes a meter, and rests one.
        for number in 0..<40 {
            update.measure = measure(.max, value: "bytes\(number)")
            try await shop.run(update)
        }

        try await shop.plan("Pro", monthly: 100, [(back, .payAsYouGo(cents: 1))])
        update.measure = measure(.count)
        await #expect {
            try await shop.run(update)
        } throws: { "\($0)".contains("charges for \"peak\": what meters it cannot change") }
        try shop.expectVerified()
    }

    @Test("an event is measured in at most 32 ways")
    func ways() async throws {
        let shop = try await Workshop()
        for number in 0..<32 { _ = try await feature(shop, "f\(number)", .max, value: "t\(number)") }
        _ = try await feature(shop, "again", .max, value: "t7")
        let sentence = "features measure the event \"calls\" in 32 ways, and no more are allowed"
        await #expect(throws: Refusal.conflict(sentence)) {
            _ = try await feature(shop, "more", .max, value: "t32")
        }
    }

    @Test("a trait that cannot be counted exactly rejects its event; one that is no number adds nothing")
    func traits() async throws {
        let shop = try await Workshop()
        let bytes = try await feature(
            shop, "bytes", .sum, value: "bytes", [TraitFilter(trait: "ok", operator: .ne, values: [.bool(false)])])
        let company = try await shop.company("acme", on: try await shop.plan("Free", [(bytes, .limit(100))]))
        let answer = try await shop.send(
            "["
                + [
                    event(#"{"bytes":1.5}"#), event(#"{"bytes":3e0}"#), event(#"{"bytes":"4"}"#), event("{}"),
                    event(#"{"bytes":1000000000000001}"#), event(#"{"bytes":1e99}"#), event("null"),
                    event(#"{"bytes":1.5,"ok":false}"#), event(#"{"bytes":-1}"#),
                ].joined(separator: ",") + "]")
        #expect(
            answer.rejected.map { "\($0.index): \($0.error)" } == [
                "0: the trait bytes must be a whole number to be counted, not 1.5",
                "4: the trait bytes is out of range: 1000000000000001",
                "5: the trait bytes must be a whole number to be counted, not 1e99",
            ])
        #expect(try shop.usage(company, bytes) == 2)
        let browser = try await shop.send("[\(event(#"{"bytes":-1}"#)),\(event(#"{"bytes":1}"#))]", kind: .publishable)
        #expect(browser.rejected.map(\.error) == ["a negative bytes requires a secret API key"])
        #expect(try shop.usage(company, bytes) == 3)
    }

    @Test("of events of one instant the one counted last is the latest, also after a restart and in the journal")
    func latest() async throws {
        let shop = try await Workshop()
        let seats = try await feature(shop, "seats", .latest, value: "seats")
        let company = try await shop.company("acme", on: try await shop.plan("Free", [(seats, .limit(100))]))
        try await shop.send("[\(event(#"{"seats":9}"#)),\(event(#"{"seats":5}"#))]")
        #expect(try shop.usage(company, seats) == 5)
        // What is in the table already is no later than what comes.
        _ = try shop.engine.committer.foldedSnapshot()
        try await shop.send(event(#"{"seats":2}"#), form: .single)
        #expect(try shop.usage(company, seats) == 2)
        try await shop.reopen()
        #expect(try shop.usage(company, seats) == 2)
        try await shop.send(event(#"{"seats":3}"#), form: .single)
        #expect(try shop.usage(company, seats) == 3)
        try await shop.send(event(#"{"seats":70}"#, -1), form: .single)
        let late = event(#"{"seats":80}"#, more: #","sent_at":"2023-12-31T23:59:59.999Z","trusted_client_clock":true"#)
        try await shop.send(late, form: .single)
        try await shop.reopen()
        #expect(try shop.usage(company, seats) == 3)
        try shop.expectVerified()
    }

    @Test("traits of events made in process are those of events that are sent")
    func inProcess() async throws {
        let shop = try await Workshop()
        let users = try await feature(
            shop, "users", .uniqueCount, unique: "user",
            [TraitFilter(trait: "bytes", operator: .gt, values: [.number("5")])])
        let company = try await shop.company("acme", on: try await shop.plan("Free", [(users, .limit(100))]))
        var events = [("ada", "6"), ("ada", "7"), ("a\"b", "8"), ("eve", "5")].map { user, bytes in
            var event = UsageEvent(company: ["id": "acme"], event: "calls")
            event.traits = ["user": .string(user), "bytes": .number(bytes), "more": .array([.null])]
            return event
        }
        events.append(UsageEvent(company: ["id": "acme"], event: "calls"))
        events[4].traits = ["user": .string(String(repeating: "x", count: 20_000))]
        let answer = try await shop.engine.track(events, in: shop.environment)
        #expect(answer.rejected.map(\.error) == ["traits is longer than 16384 bytes: 20011"])
        try await shop.send(event(#"{"user":"a\"b","bytes":9}"#), form: .single)
        #expect(try shop.usage(company, users) == 2)
    }

    @Test("a full derived counter rejects the event, which then counts nowhere")
    func full() async throws {
        let shop = try await Workshop()
        let bytes = try await feature(shop, "bytes", .sum, value: "bytes")
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Free", [(bytes, .limit(1)), (calls, .limit(10_000))])
        let company = try await shop.company("acme", on: plan)
        let most = event(#"{"bytes":1000000000000000}"#)
        let answer = try await shop.send("[" + Array(repeating: most, count: 4_613).joined(separator: ",") + "]")
        #expect(answer.rejected.map(\.index) == [4_611, 4_612])
        #expect(try shop.usage(company, calls) == 4_611)
        #expect(try shop.usage(company, bytes) == 4_611_000_000_000_000_000)
        try shop.expectVerified()
    }

    @Test(
        "sums and counts are consumed up to their limit, by the feature's name; of others there is nothing to consume")
    func consume() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let eu = [TraitFilter(trait: "zone", operator: .eq, values: [.string("eu")])]
        let bytes = try await feature(shop, "bytes", .sum, value: "bytes", eu)
        let count = try await feature(shop, "count", .count)
        let peak = try await feature(shop, "peak", .max)
        let plan = try await shop.plan(
            "Free", [(calls, .limit(1000)), (bytes, .limit(10)), (count, .limit(3)), (peak, .limit(10))])
        let company = try await shop.company("acme", on: plan)
        func usages() throws -> [Int64?] { try [calls, bytes, count, peak].map { try shop.usage(company, $0) } }

        try await shop.send(event(#"{"bytes":4,"zone":"eu"}"#), form: .single)
        #expect(try usages() == [1, 4, 1, 1])
        let answer = try await shop.consume("bytes", "acme", 6, key: "k")
        #expect(answer.allowed && answer.usage == 10 && answer.remaining == 0)
        #expect(try await shop.consume("bytes", "acme", 6, key: "k") == answer)
        #expect(try await !shop.consume("bytes", "acme").allowed)
        #expect(try usages() == [7, 10, 2, 6])
        #expect(try await shop.consume("count", "acme").allowed)
        #expect(try await !shop.consume("count", "acme").allowed)
        #expect(try await shop.consume("calls", "acme", 9).allowed)
        #expect(try usages() == [17, 10, 4, 9])

        for (name, quantity, sentence) in [
            ("count", 2, "feature \"count\" counts events: quantity must be 1, not 2"),
            (
                "peak", 1,
                "feature \"peak\" has the aggregation max: only of a sum or a count something can be consumed"
            ),
        ] as [(String, Int64, String)] {
            await #expect(throws: Refusal.invalid(sentence)) { try await shop.consume(name, "acme", quantity) }
        }
        await #expect(
            throws: Refusal.invalid("feature \"bytes\" has an aggregation: nothing of it can be reserved")
        ) {
            let request = ReserveRequest(company: ["id": "acme"], feature: "bytes", quantity: 1)
            _ = try await shop.engine.reserve(request, in: shop.environment)
        }
        let event = ConsumeRequest(company: ["id": "acme"], event: "calls", quantity: 5)
        #expect(try await shop.engine.consume(event, in: shop.environment).usage == 22)
        let hold = try await shop.engine.reserve(
            ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 50), in: shop.environment)
        _ = try await shop.engine.commit(try #require(hold.id), quantity: 40, in: shop.environment)
        #expect(try usages() == [62, 10, 6, 40])
        try await shop.reopen()
        #expect(try usages() == [62, 10, 6, 40])
        try shop.expectVerified()
    }

    @Test("an aggregate is billed as it stands, and what comes late corrects it")
    func billing() async throws {
        let shop = try await Workshop()
        let peak = try await feature(shop, "peak", .max, value: "seats")
        let users = try await feature(shop, "users", .uniqueCount, unique: "user")
        let plan = try await shop.plan(
            "Pro", monthly: 0, [(peak, .payAsYouGo(cents: 100)), (users, .payAsYouGo(cents: 10))])
        _ = try await shop.company("acme", on: plan)
        func late(_ traits: String, _ time: String, _ kind: String = "trusted_client_clock") -> String {
            event(traits, more: #","sent_at":"\#(time)","\#(kind)":true"#)
        }
        try await shop.setClock("2024-01-10T00:00:00Z")
        try await shop.send(
            "[\(event(#"{"seats":5,"user":1}"#)),\(event(#"{"seats":3,"user":"1"}"#)),\(event(#"{"user":2}"#))]")
        try await shop.send(late(#"{"seats":50,"user":9}"#, "2024-01-09T00:00:00Z", "backfill"), form: .single)
        try await shop.setClock("2024-02-10T00:00:00Z")
        try await shop.send(late(#"{"seats":8,"user":2}"#, "2024-01-31T23:59:59.999Z"), form: .single)
        try await shop.send(late(#"{"seats":4,"user":3}"#, "2024-02-01T00:00:00Z"), form: .single)
        try await shop.setClock("2024-04-02T00:00:00Z")
        #expect(
            try shop.ledger() == [
                "paid INV-000001 2024-01-01…2024-02-01: base 0",
                "open INV-000002 2024-01-01…2024-02-01: usage 5→500 + usage 2→20 + base 0",
                "open INV-000003 2024-02-01…2024-03-01: usage 4→400 + usage 1→10 + correction 3→300 + base 0",
                "paid INV-000004 2024-03-01…2024-04-01: usage 0→0 + usage 0→0 + base 0",
            ])
        try shop.expectVerified()
    }
}
