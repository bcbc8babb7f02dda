internal import Basics
package import Model

/// Finds the company or user that a map of keys names, wherever the keys are read from.
///
/// The rule: all keys that are held by anybody must be held by the same one. When none is, a value that is the id of a
/// company (or user) names that one, whatever its key name. Source: Schematic, "Companies, users, keys, traits".
package struct KeyLookup {
    private let type: EntityType
    private let owner: (_ name: String, _ value: String) throws -> UInt64?
    private let exists: (_ ordinal: UInt64) throws -> Bool

    /// `owner` answers who holds a key, `exists` whether there is a company (or user) of that ordinal.
    package init(
        _ type: EntityType, owner: @escaping (_ name: String, _ value: String) throws -> UInt64?,
        exists: @escaping (_ ordinal: UInt64) throws -> Bool
    ) {
        self.type = type
        self.owner = owner
        self.exists = exists
    }

    /// The ordinal, or nil when the keys name nobody. Refuses keys that name two.
    package func resolve(_ keys: [String: String]) throws -> UInt64? {
        let sorted = keys.sorted { $0.key < $1.key }
        if let held = try single(sorted, { try owner($0.key, $0.value) }) { return held }
        return try single(sorted) { key in
            guard let ordinal = type.ordinal(of: key.value), try exists(ordinal) else { return nil }
            return ordinal
        }
    }

    private typealias Key = (key: String, value: String)

    private func single(_ keys: [Key], _ find: (Key) throws -> UInt64?) throws -> UInt64? {
        var found: (ordinal: UInt64, key: Key)?
        for key in keys {
            guard let ordinal = try find(key) else { continue }
            if let first = found, first.ordinal != ordinal {
                throw Refusal.conflict(
                    "the keys name two different \(type.plural): \(first.key.key)=\(first.key.value) is "
                        + "\(type.id(first.ordinal)), \(key.key)=\(key.value) is \(type.id(ordinal))")
            }
            found = (ordinal, key)
        }
        return found?.ordinal
    }
}

extension EntityType {
    var plural: String { self == .company ? "companies" : "users" }

    func id(_ ordinal: UInt64) -> String {
        switch self {
        case .company: Identifier<Company>(ordinal: ordinal).description
        case .user: Identifier<User>(ordinal: ordinal).description
        }
    }

    /// The ordinal in a text that has the form of an id, whether or not there is such a one.
    func ordinal(of text: String) -> UInt64? {
        switch self {
        case .company: Identifier<Company>(text)?.ordinal
        case .user: Identifier<User>(text)?.ordinal
        }
    }
}
