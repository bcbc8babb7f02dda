public import Basics

/// Something that a checkout asks a customer for. What is answered is a trait of the company.
public struct CheckoutField: Codable, Sendable, Identified {
    public static let idPrefix = "chfd"

    public let id: Identifier<CheckoutField>
    public var name: String
    /// A customer cannot check out without it.
    public var isRequired: Bool
    public var helperText: String?
    /// What a payment provider would keep the answer as.
    public var metadataKey: String
    public var traitID: Identifier<TraitDefinition>
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<CheckoutField>, name: String, isRequired: Bool, metadataKey: String,
        traitID: Identifier<TraitDefinition>, createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.isRequired = isRequired
        self.metadataKey = metadataKey
        self.traitID = traitID
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

/// What somebody has filled in.
public struct CheckoutFieldValue: Codable, Sendable, Equatable {
    public let fieldID: Identifier<CheckoutField>
    /// Empty takes the answer away.
    public let value: String

    public init(fieldID: Identifier<CheckoutField>, value: String) {
        self.fieldID = fieldID
        self.value = value
    }
}
