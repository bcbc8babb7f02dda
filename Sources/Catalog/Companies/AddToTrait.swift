public import Basics
public import Model
public import Store

/// Adds units to a trait that meters a feature: a company's use of it, as it was consumed or committed.
public struct AddToTrait: Command {
    public static var name: String { "add_to_trait" }

    public var companyID: Identifier<Company>
    public var traitID: Identifier<TraitDefinition>
    public var quantity: Int64

    public init(companyID: Identifier<Company>, traitID: Identifier<TraitDefinition>, quantity: Int64) {
        self.companyID = companyID
        self.traitID = traitID
        self.quantity = quantity
    }

    public func apply(_ transaction: Transaction) throws {
        let company = try transaction.require(companyID, "company")
        let definition = try transaction.require(traitID, "trait")
        let sum = try company.traits.sum(at: definition.hierarchy, with: quantity, as: definition.traitType)
        try transaction.set(sum, at: definition.hierarchy, of: company)
    }
}
