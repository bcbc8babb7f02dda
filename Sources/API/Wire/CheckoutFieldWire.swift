internal import Basics
internal import Model
internal import Tollgate

/// What a checkout asks for, at its place among the plan group's fields.
struct CheckoutFieldResponseData: WireObject {
    let field: CheckoutField
    let position: Int
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        field.writeShared(to: &json)
        json.field("position", position)
        json.field("trait_hierarchy", view.get(field.traitID)?.hierarchy ?? [])
        json.field("created_at", field.createdAt)
        json.field("updated_at", field.updatedAt)
    }
}

/// A field with what a company has answered.
struct CheckoutFieldWithValue: WireObject {
    let field: CheckoutField
    let value: String?

    func writeFields(to json: inout JSONWriter) {
        field.writeShared(to: &json)
        json.field("value", value)
    }
}

extension CheckoutField {
    fileprivate func writeShared(to json: inout JSONWriter) {
        json.field("id", id)
        json.field("name", name)
        json.field("required", isRequired)
        json.field("helper_text", helperText)
        json.field("stripe_metadata_key", metadataKey)
        json.field("definition_id", traitID)
    }
}

extension WireView {
    /// What the plan group's checkout asks for, with what a company has answered.
    func checkoutFields(of company: Company) -> [CheckoutFieldWithValue] {
        (planGroup?.checkoutFields ?? []).map { field in
            let path = get(field.traitID)?.hierarchy
            return CheckoutFieldWithValue(
                field: field, value: path.flatMap { company.traits.value(at: $0) }.flatMap(\.nonNullText))
        }
    }
}

extension TraitValue {
    fileprivate var nonNullText: String? { self == .null ? nil : text }
}

extension Fields {
    /// What is filled in: `[{"id": …, "value": …}]`.
    func checkoutFieldValues(_ name: String) throws(Refusal) -> [CheckoutFieldValue] {
        try objects(name).map { answer throws(Refusal) in
            CheckoutFieldValue(fieldID: try answer.required("id"), value: try answer.required("value"))
        }
    }
}
