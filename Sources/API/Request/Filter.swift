internal import Model

/// The values that a list parameter lets through; everything when the parameter is absent.
struct OneOf<Value: Hashable> {
    let values: Set<Value>?

    func allows(_ value: Value) -> Bool {
        values?.contains(value) ?? true
    }

    func allows(_ value: Value?) -> Bool {
        guard let values else { return true }
        return value.map(values.contains) ?? false
    }
}

/// The text that a name must contain (`q`), whatever its case; everything when the parameter is absent.
struct SearchText {
    let text: String?

    func allows(_ names: [String]) -> Bool {
        guard let text else { return true }
        return names.contains { $0.lowercased().contains(text) }
    }
}

extension Query {
    /// The values of a repeated parameter and of one that says the same in singular, such as `plan_ids` and `plan_id`.
    func oneOf<Value: FieldValue & Hashable>(_ name: String, single: String) throws(Refusal) -> OneOf<Value> {
        let listed: OneOf<Value> = try oneOf(name)
        let only: OneOf<Value> = try oneOf(single: single)
        guard let values = listed.values, let more = only.values else {
            return listed.values == nil ? only : listed
        }
        return OneOf(values: values.union(more))
    }

    func oneOf<Value: FieldValue & Hashable>(_ name: String) throws(Refusal) -> OneOf<Value> {
        let values: [Value]? = try list(name)
        return OneOf(values: values.map { Set($0) })
    }

    func oneOf<Value: FieldValue & Hashable>(single name: String) throws(Refusal) -> OneOf<Value> {
        let value: Value? = try optional(name)
        return OneOf(values: value.map { [$0] })
    }

    func search() throws(Refusal) -> SearchText {
        let text: String? = try optional("q")
        return SearchText(text: text?.lowercased())
    }
}
