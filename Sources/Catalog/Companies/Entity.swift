internal import Basics
internal import Model
internal import Store

/// What companies and users have in common: keys, traits, a name.
protocol Entity: Record {
    static var entityType: EntityType { get }
    var name: String { get set }
    var keys: [EntityKey] { get set }
    var traits: [String: TraitValue] { get set }
    var lastSeenAt: Timestamp? { get set }
    var updatedAt: Timestamp { get set }
}

extension Company: Entity { static var entityType: EntityType { .company } }
extension User: Entity { static var entityType: EntityType { .user } }

/// How the keys of an entity are to change.
struct KeyChange {
    var keys: [String: String]
    var removing: [String] = []
    var preventsRemap = false
}

extension Transaction {
    /// The entity that an id or else keys name; nil when the keys are new. Refuses an unknown id, and keys of somebody
    /// else.
    func find<E: Entity>(_ type: E.Type, keys: [String: String], id: Identifier<E>? = nil) throws -> E? {
        try check(keys, of: E.entityType)
        if let id { return try require(id, E.entityType.rawValue) }
        guard !keys.isEmpty else {
            throw Refusal.invalid("name the \(E.entityType.rawValue) by at least one key")
        }
        let lookup = KeyLookup(
            E.entityType, owner: { try self.owner(of: E.entityType, name: $0, value: $1) },
            exists: { try self.get(Identifier<E>(ordinal: $0)) != nil })
        return try lookup.resolve(keys).map { ordinal in
            try require(Identifier<E>(ordinal: ordinal), E.entityType.rawValue)
        }
    }

    /// Refuses to make an entity from keys that are the id of one that is not there: its next event would make a second
    /// one.
    func checkNewKeys(_ keys: [String: String], of type: EntityType) throws {
        for (_, value) in keys.sorted(by: { $0.key < $1.key }) where type.ordinal(of: value) != nil {
            throw Refusal.notFound("\(type.rawValue) \(value) does not exist")
        }
    }

    /// Adds, moves and removes keys. The entity's own id among the values addresses it and is no key.
    func change<E: Entity>(_ entity: inout E, _ change: KeyChange) throws {
        let type = E.entityType
        for (name, value) in change.keys.sorted(by: { $0.key < $1.key }) where value != entity.id.description {
            if let owner = try owner(of: type, name: name, value: value), owner != entity.id.ordinal {
                throw Refusal.conflict("the key \(name)=\(value) belongs to \(type.rawValue) \(type.id(owner))")
            }
            if let index = entity.keys.firstIndex(where: { $0.name == name }) {
                let held = entity.keys[index]
                // By bytes, as keys are looked up: equal texts may be spelled in two ways.
                guard !held.name.utf8.elementsEqual(name.utf8) || !held.value.utf8.elementsEqual(value.utf8) else {
                    continue
                }
                guard !change.preventsRemap else {
                    throw Refusal.conflict(
                        "\(type.rawValue) \(entity.id) has the key \(name)=\(held.value), and prevent_key_remap "
                            + "keeps it "
                            + "from becoming \(value)")
                }
                setOwner(nil, of: type, name: held.name, value: held.value)
                entity.keys.remove(at: index)
            }
            entity.keys.append(EntityKey(name: name, value: value, createdAt: now))
            setOwner(entity.id.ordinal, of: type, name: name, value: value)
        }
        for name in change.removing {
            guard let index = entity.keys.firstIndex(where: { $0.name == name }) else { continue }
            let removed = entity.keys.remove(at: index)
            setOwner(nil, of: type, name: removed.name, value: removed.value)
        }
        guard !entity.keys.isEmpty else {
            throw Refusal.invalid("\(type.rawValue) \(entity.id) must keep at least one key")
        }
        guard entity.keys.count <= Limits.keys else {
            throw Refusal.invalid(
                "\(type.rawValue) \(entity.id) would have \(entity.keys.count) keys, at most \(Limits.keys) are allowed"
            )
        }
    }

    /// Gives all keys of an entity back, for its deletion.
    func releaseKeys<E: Entity>(of entity: E) {
        for key in entity.keys { setOwner(nil, of: E.entityType, name: key.name, value: key.value) }
    }

    private func check(_ keys: [String: String], of type: EntityType) throws(Refusal) {
        guard keys.count <= Limits.keys else {
            throw .invalid("\(keys.count) keys were given, at most \(Limits.keys) are allowed")
        }
        for (name, value) in keys.sorted(by: { $0.key < $1.key }) {
            try name.check(as: "the name of a \(type.rawValue) key", limit: Limits.keyNameBytes)
            try value.check(as: "the \(type.rawValue) key \"\(name)\"", limit: Limits.keyValueBytes)
        }
    }
}
