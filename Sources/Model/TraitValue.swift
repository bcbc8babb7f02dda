/// A trait's value as its sender gave it: any JSON value. Numbers keep their literal text, so nothing is rounded.
public indirect enum TraitValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([TraitValue])
    case object([String: TraitValue])

    /// The flat form that rules compare and `entity_traits` shows: the literal itself, without quotes.
    public var text: String {
        switch self {
        case .null, .array, .object: ""
        case .bool(let value): value ? "true" : "false"
        case .number(let literal), .string(let literal): literal
        }
    }
}

/// Coded as tagged single-entry maps, so that `"5"` and `5` stay different values.
extension TraitValue: Codable {
    private enum CodingKeys: String, CodingKey {
        case bool = "b"
        case number = "n"
        case string = "s"
        case array = "a"
        case object = "o"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let key = container.allKeys.first else {
            self = .null
            return
        }
        switch key {
        case .bool: self = .bool(try container.decode(Bool.self, forKey: key))
        case .number: self = .number(try container.decode(String.self, forKey: key))
        case .string: self = .string(try container.decode(String.self, forKey: key))
        case .array: self = .array(try container.decode([TraitValue].self, forKey: key))
        case .object: self = .object(try container.decode([String: TraitValue].self, forKey: key))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .null: break
        case .bool(let value): try container.encode(value, forKey: .bool)
        case .number(let literal): try container.encode(literal, forKey: .number)
        case .string(let value): try container.encode(value, forKey: .string)
        case .array(let values): try container.encode(values, forKey: .array)
        case .object(let values): try container.encode(values, forKey: .object)
        }
    }
}

extension [String: TraitValue] {
    /// The value at a path of nested names, nil where the path ends early.
    public func value(at path: [String]) -> TraitValue? {
        guard let first = path.first, let value = self[first] else { return nil }
        if path.count == 1 { return value }
        guard case .object(let inner) = value else { return nil }
        return inner.value(at: Array(path.dropFirst()))
    }

    /// Sets the value at a path of nested names, making the objects on the way.
    public mutating func set(_ value: TraitValue, at path: [String]) {
        guard let first = path.first else { return }
        if path.count == 1 {
            self[first] = value
            return
        }
        var inner: [String: TraitValue] = [:]
        if case .object(let existing)? = self[first] { inner = existing }
        inner.set(value, at: Array(path.dropFirst()))
        self[first] = .object(inner)
    }
}
