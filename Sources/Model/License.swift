public import Basics

/// What is sold through a feature of the type `license`. There is one for each such feature, with its number and name.
public struct License: Sendable, Identified {
    public static let idPrefix = "lic"

    public let feature: Feature

    /// Nil for features of other types.
    public init?(of feature: Feature) {
        guard feature.type == .license else { return nil }
        self.feature = feature
    }

    public var id: Identifier<License> { Identifier(ordinal: feature.id.ordinal) }
    public var name: String { feature.name }
}
