internal import Model

/// The fields of a JSON object in a request, read one by one, so that each mistake gets a sentence with its name.
///
/// Null is like absent; unknown fields are ignored, as newer SDKs send more of them.
struct Fields {
    let values: [String: JSON]
    /// What stands before a field's name in sentences: empty at the top, `flag.` inside the field `flag`.
    private let path: String

    init(_ values: [String: JSON], path: String = "") {
        self.values = values
        self.path = path
    }

    func required<Value: FieldValue>(_ name: String) throws(Refusal) -> Value {
        guard let value = try optional(name) as Value? else { throw .invalid("\(path)\(name) is missing") }
        return value
    }

    func optional<Value: FieldValue>(_ name: String) throws(Refusal) -> Value? {
        guard let json = present(name) else { return nil }
        guard let value = Value(json: json) else { throw wrong(name, Value.expectation, json) }
        return value
    }

    /// The objects of a list; empty when it is absent.
    func objects(_ name: String) throws(Refusal) -> [Fields] {
        guard let json = present(name) else { return [] }
        guard case .array(let elements) = json else { throw wrong(name, "a list", json) }
        var objects: [Fields] = []
        for (index, element) in elements.enumerated() {
            guard case .object(let values) = element else { throw wrong("\(name)[\(index)]", "an object", element) }
            objects.append(Fields(values, path: "\(path)\(name)[\(index)]."))
        }
        return objects
    }

    func requiredObjects(_ name: String) throws(Refusal) -> [Fields] {
        guard present(name) != nil else { throw .invalid("\(path)\(name) is missing") }
        return try objects(name)
    }

    func object(_ name: String) throws(Refusal) -> Fields? {
        guard let json = present(name) else { return nil }
        guard case .object(let values) = json else { throw wrong(name, "an object", json) }
        return Fields(values, path: "\(path)\(name).")
    }

    /// Refuses what would change the meaning of the request, were it ignored: fields of the contract that this release
    /// does not carry out. Absent, null, false, 0 and empty are all the same as not asking for it.
    func refuseUnsupported(_ names: String...) throws(Refusal) {
        for name in names {
            switch values[name] {
            case nil, .null, .bool(false), .number("0"), .array([]), .object([:]), .string(""): continue
            default: throw .invalid("\(path)\(name) is not part of this release")
            }
        }
    }

    private func present(_ name: String) -> JSON? {
        let json = values[name]
        return json == .null ? nil : json
    }

    private func wrong(_ name: String, _ expectation: String, _ json: JSON) -> Refusal {
        .invalid("\(path)\(name) must be \(expectation), not \(json.excerpt)")
    }
}

extension JSON {
    /// The value for a sentence about it, cut where it is long.
    var excerpt: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let literal): Self.cut(literal)
        case .string(let text): "\"\(Self.cut(text))\""
        case .array: "a list"
        case .object: "an object"
        }
    }

    private static func cut(_ text: String) -> String {
        text.count <= 40 ? text : text.prefix(40) + "…"
    }
}
