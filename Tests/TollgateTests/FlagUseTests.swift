import Basics
import Catalog
import EventScanner
import Model
import Store
import Testing
import Tollgate

@Suite("When flags were last checked")
struct FlagUseTests {
    private func lastCheck(_ key: String, _ shop: Workshop) throws -> String? {
        try shop.engine.read(shop.environment) { view in
            let flag = try #require(view.flag(key: key))
            return try view.lastCheck(of: flag)?.rfc3339
        }
    }

    @Test("every kind of check counts, to the second, and a changed flag stays the same flag")
    func checks() async throws {
        let shop = try await Workshop(at: "2024-01-01T00:00:00Z")
        _ = try await shop.run(CreateFlag(input: FlagInput(key: "one", name: "One")))
        let two = try await shop.run(CreateFlag(input: FlagInput(key: "two", name: "Two")))
        #expect(try lastCheck("one", shop) == nil)
        try await shop.setClock("2024-01-02T00:00:00.900Z")
        #expect(try !shop.check("one", "nobody"))
        #expect(try lastCheck("one", shop) == "2024-01-02T00:00:00Z")
        #expect(try lastCheck("two", shop) == nil)
        try await shop.setClock("2024-01-03T00:00:00Z")
        _ = try shop.engine.checkAll(company: nil, user: nil, in: shop.environment)
        try await shop.setClock("2024-01-04T00:00:00Z")
        _ = try shop.engine.check("one", company: nil, user: nil, in: shop.environment)
        try await shop.run(UpdateFlag(flagID: two.id, input: FlagInput(key: "zwei", name: "Two")))
        #expect(try lastCheck("one", shop) == "2024-01-04T00:00:00Z")
        #expect(try lastCheck("zwei", shop) == "2024-01-03T00:00:00Z")
        try shop.expectVerified()
    }

    @Test("what was noted outlives the process, and goes with the flag")
    func noted() async throws {
        let shop = try await Workshop(at: "2024-01-01T00:00:00Z")
        let feature = try await shop.eventFeature("calls")
        _ = try await shop.run(CreateFlag(input: FlagInput(key: "one", name: "One")))
        for flag in ["one", "calls"] { _ = try shop.check(flag, "nobody") }
        try await shop.engine.noteFlagChecks()
        try await shop.setClock("2024-01-02T00:00:00Z")
        _ = try shop.check("one", "nobody")
        try await shop.reopen()
        #expect(try lastCheck("one", shop) == "2024-01-01T00:00:00Z", "the second check was not noted")
        #expect(try lastCheck("calls", shop) == "2024-01-01T00:00:00Z")
        _ = try shop.check("one", "nobody")
        try await shop.engine.noteFlagChecks()
        let entries = try shop.engine.verify().entries
        try await shop.engine.noteFlagChecks()
        #expect(try shop.engine.verify().entries == entries, "nothing is news")

        try await shop.run(DeleteFeature(featureID: feature.id))
        try await shop.reopen()
        #expect(try lastCheck("one", shop) == "2024-01-02T00:00:00Z")
        let left = try shop.engine.read(shop.environment) { try $0.list(FlagUse.self, limit: .max) }
        #expect(left.count == 1)
        try shop.expectVerified()
    }

    @Test("checks that others made are reported by events")
    func reported() async throws {
        var options = Workshop.options
        options.decodeFlagCheck = { body in
            let text = String(decoding: body, as: UTF8.self)
            return text.contains("one") ? "one" : nil
        }
        let shop = try await Workshop(at: "2024-01-05T00:00:00Z", options: options)
        _ = try await shop.run(CreateFlag(input: FlagInput(key: "one", name: "One")))
        func report(_ key: String) async throws {
            let text = #"{"type":"flag_check","body":{"flag_key":"\#(key)","value":true,"reason":"r"}}"#
            let body = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
            defer { body.deallocate() }
            body.copyBytes(from: text.utf8)
            let sender = APIKey(
                id: Identifier(ordinal: 1), environmentID: shop.environment, name: "k", kind: .secret, readonly: false,
                hash: [], createdAt: at("2024-01-01T00:00:00Z"))
            let answer = try await shop.engine.track(
                body: UnsafeRawBufferPointer(body), form: .single, in: shop.environment, key: sender)
            #expect(answer.accepted == 1)
        }
        try await report("unknown")
        #expect(try lastCheck("one", shop) == nil)
        try await report("one")
        #expect(try lastCheck("one", shop) == "2024-01-05T00:00:00Z")
    }
}
