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
    /// The union of parameters that say the same in singular and plural, such as `plan_id` and `plan_ids`.
    func oneOf<Value: FieldValue & Hashable>(_ names: String...) throws(Refusal) -> OneOf<Value> {
        var values: Set<Value>?
        for name in names {
            guard let more: [Value] = try list(name) else { continue }
            values = (values ?? []).union(more)
        }
        return OneOf(values: values)
    }

    func search() throws(Refusal) -> SearchText {
        let text: String? = try optional("q")
        return SearchText(text: text?.lowercased())
    }
}
