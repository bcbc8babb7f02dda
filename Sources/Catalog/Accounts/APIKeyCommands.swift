public import Basics
public import Model
public import Store

/// Makes an API key of the environment that the command is applied in.
public struct CreateAPIKey: Command {
    public static var name: String { "create_api_key" }

    public var name: String
    public var kind: APIKey.Kind
    public var readonly: Bool
    /// SHA-256 of the key's UTF-8.
    public var hash: [UInt8]

    public init(name: String, kind: APIKey.Kind, readonly: Bool, hash: [UInt8]) {
        self.name = name
        self.kind = kind
        self.readonly = readonly
        self.hash = hash
    }

    public func apply(_ transaction: Transaction) throws -> APIKey {
        try name.check(as: "an API key's name")
        guard hash.count == 32 else {
            throw Refusal.invalid("the hash of an API key has 32 bytes, not \(hash.count)")
        }
        if let other = try transaction.all(APIKey.self).first(where: { $0.hash == hash }) {
            throw Refusal.conflict("API key \(other.id) has the same secret: make another one")
        }
        let key = APIKey(
            id: transaction.newID(), environmentID: try transaction.environment().id, name: name, kind: kind,
            readonly: readonly, hash: hash, createdAt: transaction.now)
        try transaction.put(key)
        return key
    }
}

/// Gives an API key another name.
public struct RenameAPIKey: Command {
    public static var name: String { "rename_api_key" }

    public var keyID: Identifier<APIKey>
    public var name: String

    public init(keyID: Identifier<APIKey>, name: String) {
        self.keyID = keyID
        self.name = name
    }

    public func apply(_ transaction: Transaction) throws -> APIKey {
        try name.check(as: "an API key's name")
        var key = try transaction.requireOwn(keyID)
        key.name = name
        key.updatedAt = transaction.now
        try transaction.put(key)
        return key
    }
}

/// Remembers that an API key is in use.
public struct NoteKeyUse: Command {
    public static var name: String { "note_key_use" }

    public var keyID: Identifier<APIKey>

    public init(keyID: Identifier<APIKey>) {
        self.keyID = keyID
    }

    public func apply(_ transaction: Transaction) throws {
        var key = try transaction.requireOwn(keyID)
        key.lastUsedAt = transaction.now
        try transaction.put(key)
    }
}

/// Ends an API key at once and forgets it.
public struct RevokeAPIKey: Command {
    public static var name: String { "revoke_api_key" }

    public var keyID: Identifier<APIKey>

    public init(keyID: Identifier<APIKey>) {
        self.keyID = keyID
    }

    public func apply(_ transaction: Transaction) throws {
        transaction.delete(try transaction.requireOwn(keyID).id)
    }
}

extension Transaction {
    /// API keys are kept for all environments together; those of others do not exist here.
    fileprivate func requireOwn(_ id: Identifier<APIKey>) throws -> APIKey {
        let key = try require(id, "API key")
        guard key.environmentID == environmentID else { throw Refusal.notFound("API key \(id) does not exist") }
        return key
    }
}
