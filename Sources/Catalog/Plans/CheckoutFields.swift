public import Basics
public import Model
package import Store

/// A checkout field as people write it.
public struct CheckoutFieldInput: Codable, Sendable {
    /// Of a field that is there already; nil makes one.
    public var id: Identifier<CheckoutField>?
    public var name: String
    public var isRequired: Bool
    public var helperText: String?
    public var metadataKey: String
    /// The company trait that takes the answer; nil: the one that the field has, else one of the metadata key's name.
    public var traitID: Identifier<TraitDefinition>?

    public init(name: String, isRequired: Bool, metadataKey: String) {
        self.name = name
        self.isRequired = isRequired
        self.metadataKey = metadataKey
    }
}

extension Transaction {
    /// The fields that a plan group is to have, those with an id changed in place.
    func checkoutFields(_ inputs: [CheckoutFieldInput], of group: PlanGroup) throws -> [CheckoutField]? {
        guard inputs.count <= Limits.checkoutFields else {
            throw Refusal.invalid("custom_checkout_fields has more than \(Limits.checkoutFields) fields")
        }
        if let twice = inputs.compactMap(\.id).firstDuplicate {
            throw Refusal.invalid("custom_checkout_fields names field \(twice) twice")
        }
        let fields = try inputs.map { input in
            try input.name.check(as: "the name of a checkout field")
            try input.metadataKey.check(as: "stripe_metadata_key", limit: Limits.traitNameBytes)
            try input.helperText?.checkOptional(as: "helper_text")
            let known = try input.id.map { id in
                guard let field = group.checkoutFields?.first(where: { $0.id == id }) else {
                    throw Refusal.invalid("custom_checkout_fields: the plan group has no field \(id)")
                }
                return field
            }
            if let traitID = input.traitID { try checkCompanyTrait(traitID) }
            let traitID =
                try input.traitID ?? known?.traitID
                ?? DefineTrait(entityType: .company, hierarchy: [input.metadataKey], traitType: .string)
                .apply(self).id
            var field = CheckoutField(
                id: known?.id ?? newID(), name: input.name, isRequired: input.isRequired,
                metadataKey: input.metadataKey, traitID: traitID, createdAt: known?.createdAt ?? now)
            field.helperText = input.helperText
            field.updatedAt = now
            return field
        }
        return fields.isEmpty ? nil : fields
    }

    /// What a company has answered; nil for nothing.
    package func value(of field: CheckoutField, for company: Company) throws -> String? {
        guard let definition = try get(field.traitID) else { return nil }
        return company.traits.value(at: definition.hierarchy)?.text
    }

    /// Takes answers over as the company's traits. To be put.
    package func fill(_ values: [CheckoutFieldValue], into company: inout Company) throws {
        let fields = try all(PlanGroup.self).first?.checkoutFields ?? []
        for value in values {
            guard let field = fields.first(where: { $0.id == value.fieldID }) else {
                throw Refusal.invalid("the plan group has no checkout field \(value.fieldID)")
            }
            guard let definition = try get(field.traitID) else { continue }
            var answer: [String: TraitValue] = [:]
            answer.set(
                value.value.isEmpty
                    ? .null : try TraitValue(value.value, as: definition.traitType, of: definition.displayName),
                at: definition.hierarchy)
            try merge(answer, into: &company)
        }
    }
}
