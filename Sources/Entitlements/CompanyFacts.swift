package import Basics
package import Model

/// The traits of a company or user in their flat text form, by definition. Null and missing are the same.
package typealias TraitTexts = [Identifier<TraitDefinition>: String]

extension TraitTexts {
    /// The trait as a count, 0 when it is missing.
    package func integer(_ id: Identifier<TraitDefinition>) -> Int64 {
        self[id].map { Int64(traitText: $0) } ?? 0
    }
}

/// What decisions need to know of a company.
package struct CompanyFacts: Sendable {
    package let id: Identifier<Company>
    package let standing: Standing

    package init(id: Identifier<Company>, standing: Standing) {
        self.id = id
        self.standing = standing
    }

    var traits: TraitTexts { standing.traits }
}

/// What decisions need to know of a user.
package final class UserFacts: Sendable {
    package let id: Identifier<User>
    package let traits: TraitTexts

    package init(id: Identifier<User>, traits: TraitTexts) {
        self.id = id
        self.traits = traits
    }
}
