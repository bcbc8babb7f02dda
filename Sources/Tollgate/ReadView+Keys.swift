internal import Basics
package import Model
internal import Store

/// A name that keys of companies or users have. There is one for as long as somebody has such a key.
package struct KeyDefinition: Sendable, Equatable {
    package let entityType: EntityType
    package let name: String

    package init(entityType: EntityType, name: String) {
        self.entityType = entityType
        self.name = name
    }

    package var id: String { "\(entityType.rawValue).key.\(name)" }

    /// Reads the wire form.
    package init?(id: String) {
        let parts = id.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1] == "key", let type = EntityType(rawValue: String(parts[0])) else { return nil }
        self.init(entityType: type, name: String(parts[2]))
    }
}

extension ReadView {
    /// Those of companies, then those of users, by name.
    package func keyDefinitions() throws -> [KeyDefinition] {
        try EntityType.allCases.flatMap { type in
            try snapshot.keyNames(of: type, in: environment.id).map { KeyDefinition(entityType: type, name: $0) }
        }
    }

    package func keyCount(of definition: KeyDefinition) throws -> Int {
        try snapshot.keyCount(of: definition.entityType, name: definition.name, in: environment.id)
    }

    package func keyCount(of type: EntityType) throws -> Int {
        try snapshot.keyCount(of: type, name: nil, in: environment.id)
    }
}
