import Basics
import Catalog
import Model
import Store
import Testing

@Suite struct AccountTests {
    @Test func environments() throws {
        let world = try World()
        let production = try world.execute(CreateEnvironment(name: "live", type: .production))
        #expect(production.type == .production && production.billing == BillingSettings())
        #expect(try world.execute(UpdateEnvironment(environmentID: production.id, name: "prod")).name == "prod")
        refused(.invalid, "an environment's name cannot be empty") {
            try world.execute(CreateEnvironment(name: "", type: .staging))
        }
        refused(.notFound, "does not exist") {
            try world.execute(UpdateEnvironment(environmentID: Identifier(ordinal: 99), name: "x"))
        }
    }

    @Test func apiKeys() throws {
        let world = try World()
        let hash = [UInt8](repeating: 7, count: 32)
        let create = CreateAPIKey(name: "server", kind: .secret, readonly: false, hash: hash)
        let key = try world.execute(create)
        #expect(key.environmentID == world.environmentID)
        refused(.conflict, "API key \(key.id) has the same secret") { try world.execute(create) }
        refused(.invalid, "has 32 bytes, not 3") {
            try world.execute(CreateAPIKey(name: "x", kind: .secret, readonly: false, hash: [1, 2, 3]))
        }
        refused(.invalid, "an API key's name cannot be empty") {
            try world.execute(RenameAPIKey(keyID: key.id, name: ""))
        }
        #expect(try world.execute(RenameAPIKey(keyID: key.id, name: "web")).name == "web")

        // Keys of other environments do not exist here.
        let other = APIKey(
            id: Identifier(ordinal: 50), environmentID: Identifier(ordinal: 2), name: "theirs", kind: .secret,
            readonly: true, hash: [UInt8](repeating: 9, count: 32), createdAt: world.now)
        try world.seed { try $0.put(other) }
        refused(.notFound, "API key \(other.id) does not exist") { try world.execute(RevokeAPIKey(keyID: other.id)) }
        try world.execute(RevokeAPIKey(keyID: key.id))
        refused(.notFound, "does not exist") { try world.execute(RevokeAPIKey(keyID: key.id)) }
    }
}
