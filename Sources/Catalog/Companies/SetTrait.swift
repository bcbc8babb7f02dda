public import Model
public import Store

/// Sets one trait of a company or user to a value, or adds to it. The entity is made when it does not exist.
public struct SetTrait: Command {
    public static var name: String { "set_trait" }

    public var entity: EntityType
    public var keys: [String: String]
    /// Names from the outermost object, with dots between.
    public var trait: String
    /// Read as the trait's type says; without a definition as a boolean or number where it looks like one. Either this
    /// or `increment`.
    public var set: String?
    /// May be negative. A trait that is not there counts from 0.
    public var increment: Int64?
    public var updateOnly = false

    public init(entity: EntityType, keys: [String: String], trait: String) {
        self.entity = entity
        self.keys = keys
        self.trait = trait
    }

    public func apply(_ transaction: Transaction) throws {
        switch entity {
        case .company:
            let found = try found(transaction.find(Company.self, keys: keys))
            try change(
                found ?? transaction.makeCompany(keys: keys, name: nil, plan: transaction.initialAssignment()),
                transaction)
        case .user:
            let found = try found(transaction.find(User.self, keys: keys))
            try change(found ?? transaction.makeUser(keys: keys, name: nil), transaction)
        }
    }

    private func found<E: Entity>(_ entity: E?) throws(Refusal) -> E? {
        guard entity != nil || !updateOnly else {
            throw .notFound("no \(E.entityType.rawValue) has one of the keys \(keys.shown)")
        }
        return entity
    }

    private func change<E: Entity>(_ entity: E, _ transaction: Transaction) throws {
        let path = trait.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard path.count <= Limits.traitDepth, path.allSatisfy({ !$0.isEmpty }) else {
            throw Refusal.invalid("\"\(trait)\" is not a path of 1 to \(Limits.traitDepth) names with dots between")
        }
        let definition = try transaction.all(TraitDefinition.self)
            .first { $0.entityType == E.entityType && $0.hierarchy == path }
        let value: TraitValue
        switch (set, increment) {
        case (let text?, nil): value = try TraitValue(text, as: definition?.traitType, of: trait)
        case (nil, let amount?):
            value = try entity.traits.sum(at: path, with: amount, as: definition?.traitType)
        default: throw Refusal.invalid("give either set or incr for the trait \"\(trait)\"")
        }
        try transaction.set(value, at: path, of: entity)
    }
}
