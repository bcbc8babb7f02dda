import Basics
import Testing
import Tollgate

@Suite("Keys and temporary access tokens")
struct KeyUseTests {
    private struct Desk {
        let shop: Workshop
        let key: APIKey
        let company: Company

        init() async throws {
            shop = try await Workshop()
            key = try await shop.run(
                CreateAPIKey(name: "k", kind: .secret, readonly: false, hash: APIKeySecret.hash("k")))
            company = try await shop.run(UpsertCompany(keys: ["id": "acme"]))
        }

        func issue() async throws -> (token: TemporaryAccessToken, text: String) {
            try await shop.engine.issueToken(for: company.id, by: key, nil)
        }

        func kept() throws -> Int {
            try shop.engine.read(shop.environment) { try $0.count(TemporaryAccessToken.self) }
        }

        var recorded: APIKey? { shop.engine.apiKey(key.id) }

        func use() {
            if let recorded { shop.engine.noteUse(of: recorded) }
        }

        func entries() throws -> UInt64 { try shop.engine.store.snapshot().nextSequence() }
    }

    @Test("a token is found by its text, also after a restart, and each new one clears away two that are over")
    func tokens() async throws {
        let desk = try await Desk()
        var texts: [String] = []
        for _ in 0..<5 { texts.append(try await desk.issue().text) }
        try #expect(desk.kept() == 5)
        try await desk.shop.reopen()
        #expect(texts.allSatisfy { desk.shop.engine.temporaryToken($0)?.companyID == desk.company.id })
        #expect(desk.shop.engine.temporaryToken("token_other") == nil)
        try await desk.shop.setClock("2024-01-01T00:14:59Z")
        _ = try await desk.issue()
        try #expect(desk.kept() == 6)
        try await desk.shop.setClock("2024-01-01T00:15:00Z")
        var counts: [Int] = []
        for _ in 0..<4 {
            _ = try await desk.issue()
            counts.append(try desk.kept())
        }
        // Two of the five that are over, two more, the last of them; then none.
        #expect(counts == [5, 4, 4, 5])
        #expect(texts.allSatisfy { desk.shop.engine.temporaryToken($0) == nil })
        try desk.shop.expectVerified()
    }

    @Test("a key's last use is written down once in ten minutes")
    func lastUse() async throws {
        let desk = try await Desk()
        let table = """
            at        first  written
            00:00:00  yes    00:00:00
            00:09:59  no     00:00:00
            00:10:00  yes    00:10:00
            00:10:00  no     00:10:00
            00:35:00  yes    00:35:00
            """
        for row in table.split(separator: "\n").dropFirst() {
            let words = row.split(separator: " ").map(String.init)
            try await desk.shop.setClock("2024-01-01T\(words[0])Z")
            let before = try desk.entries()
            desk.use()
            try await desk.shop.engine.settle()
            #expect(try (desk.entries() > before) == (words[1] == "yes"), "\(row)")
            #expect(desk.recorded?.lastUsedAt?.rfc3339.contains("T\(words[2])") == true, "\(row)")
        }
        try await desk.shop.reopen()
        #expect(desk.recorded?.lastUsedAt == Timestamp(rfc3339: "2024-01-01T00:35:00Z"))
        try desk.shop.expectVerified()
    }
}
