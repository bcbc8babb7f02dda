internal import Model
internal import Store

extension [String: TraitValue] {
    /// Takes over other traits: objects are merged name by name, everything else is replaced, and a null removes.
    mutating func merge(_ others: [String: TraitValue]) {
        for (name, value) in others {
            switch (self[name], value) {
            case (_, .null): self[name] = nil
            case (.object(var inner), .object(let other)):
                inner.merge(other)
                self[name] = .object(inner)
            case (_, .object(let other)):
                // Merged into nothing, so that the nulls inside are dropped too.
                var inner: [String: TraitValue] = [:]
                inner.merge(other)
                self[name] = .object(inner)
            default: self[name] = value
            }
        }
    }

    /// Refuses traits that are too large or nest too deep. Their size is that of all names and texts, and one for each
    /// value.
    func check(as what: String) throws(Refusal) {
        let value = TraitValue.object(self)
        guard value.depth <= Limits.traitDepth + 1 else {
            throw .invalid(
                "the traits of \(what) nest \(value.depth - 1) deep, at most \(Limits.traitDepth) are allowed")
        }
        guard value.weight <= Limits.traitBytes else {
            throw .invalid("the traits of \(what) take \(value.weight) bytes, at most \(Limits.traitBytes) are allowed")
        }
    }

    /// The trait at a path, a type known or not, with a count added. One that is not there counts from 0.
    func sum(at path: [String], with amount: Int64, as type: TraitType?) throws(Refusal) -> TraitValue {
        let trait = path.joined(separator: ".")
        guard type == nil || type == .number || type == .currency else {
            throw .invalid("the trait \"\(trait)\" is a \(type!.rawValue) and cannot be incremented")
        }
        let value = value(at: path) ?? .null
        guard let count = value == .null ? 0 : Int64(value.text) else {
            throw .invalid("the trait \"\(trait)\" is \"\(value.text)\", which is no integer and cannot be incremented")
        }
        let (sum, overflowed) = count.addingReportingOverflow(amount)
        guard !overflowed else {
            throw .invalid("the trait \"\(trait)\" is \(count) and cannot grow by \(amount)")
        }
        return .number(String(sum))
    }

    /// The paths that lead to a scalar, with the type that its first value suggests, in order.
    fileprivate func leaves(below path: [String] = []) -> [(path: [String], type: TraitType)] {
        sorted { $0.key < $1.key }.flatMap { name, value -> [(path: [String], type: TraitType)] in
            switch value {
            case .null, .array: []
            case .bool: [(path + [name], .boolean)]
            case .number: [(path + [name], .number)]
            case .string: [(path + [name], .string)]
            case .object(let inner): inner.leaves(below: path + [name])
            }
        }
    }
}

extension TraitValue {
    /// Reads a text as the trait's type says; without one as a boolean or number where it looks like one.
    init(_ text: String, as type: TraitType?, of trait: String) throws(Refusal) {
        let bool: TraitValue? =
            switch text {
            case "true": .bool(true)
            case "false": .bool(false)
            default: nil
            }
        let number: TraitValue? = Decimal(text) == nil ? nil : .number(text)
        switch type {
        case .string, .url, .date: self = .string(text)
        case nil: self = bool ?? number ?? .string(text)
        case .boolean:
            guard let bool else {
                throw .invalid("the trait \"\(trait)\" is a boolean: set it to true or false, not \"\(text)\"")
            }
            self = bool
        case .number, .currency:
            guard let number else { throw .invalid("the trait \"\(trait)\" is a number, which \"\(text)\" is not") }
            self = number
        }
    }

    fileprivate var depth: Int {
        switch self {
        case .null, .bool, .number, .string: 0
        case .array(let values): 1 + (values.map(\.depth).max() ?? 0)
        case .object(let values): 1 + (values.values.map(\.depth).max() ?? 0)
        }
    }

    fileprivate var weight: Int {
        switch self {
        case .null, .bool, .number, .string: 1 + text.utf8.count
        case .array(let values): values.reduce(1) { $0 + $1.weight }
        case .object(let values): values.reduce(1) { $0 + $1.key.utf8.count + $1.value.weight }
        }
    }
}

extension Transaction {
    /// Merges traits into those of an entity and defines the ones that are seen for the first time.
    func merge<E: Entity>(_ traits: [String: TraitValue], into entity: inout E) throws {
        guard !traits.isEmpty else { return }
        // Asked before merging: a merge goes as deep as what it is given.
        try traits.check(as: "\(E.entityType.rawValue) \(entity.id)")
        entity.traits.merge(traits)
        try entity.traits.check(as: "\(E.entityType.rawValue) \(entity.id)")
        let definitions = try all(TraitDefinition.self)
        let known = Set(definitions.filter { $0.entityType == E.entityType }.map(\.hierarchy))
        let new = entity.traits.leaves().filter { !known.contains($0.path) }
        for (index, leaf) in new.enumerated() {
            try define(leaf.path, of: E.entityType, as: leaf.type, existing: definitions.count + index)
        }
    }

    /// Sets one trait of an entity.
    func set<E: Entity>(_ value: TraitValue, at path: [String], of entity: E) throws {
        var entity = entity
        var traits: [String: TraitValue] = [:]
        traits.set(value, at: path)
        try merge(traits, into: &entity)
        entity.updatedAt = now
        try put(entity)
    }

    /// A new trait definition. `existing` is how many there are.
    @discardableResult
    func define(
        _ path: [String], of type: EntityType, as traitType: TraitType, displayName: String? = nil, existing: Int
    ) throws -> TraitDefinition {
        guard existing < Limits.traitDefinitions else {
            throw Refusal.conflict(
                "the environment has \(existing) trait definitions, and no more are allowed: "
                    + "\(path.joined(separator: ".")) of \(type.plural) would be one more")
        }
        var definition = TraitDefinition(
            id: newID(), entityType: type, hierarchy: path, traitType: traitType, createdAt: now)
        if let displayName { definition.displayName = displayName }
        try put(definition)
        return definition
    }
}
