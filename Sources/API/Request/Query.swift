internal import Model

/// The query of a request: lists repeat the name, maps are `keys[id]=acme`, unknown parameters are ignored.
///
/// Belongs to one request. Remembers what it was asked for, which is what the answer's `params` shows.
final class Query {
    static let defaultLimit: Int64 = 100
    static let maximumLimit: Int64 = 1000

    private let parameters: [(name: String, value: String)]
    private(set) var echo: [String: JSON] = [:]

    /// Reads `application/x-www-form-urlencoded` text, nil being no query.
    init(_ text: String?) throws(Refusal) {
        var parameters: [(name: String, value: String)] = []
        for part in (text ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = FormText.decode(pair[0], plusIsSpace: true),
                let value = FormText.decode(pair.count > 1 ? pair[1] : "", plusIsSpace: true)
            else { throw .invalid("the query has \"\(part)\", which is not percent-encoded UTF-8") }
            parameters.append((name, value))
        }
        self.parameters = parameters
    }

    func optional<Value: FieldValue>(_ name: String) throws(Refusal) -> Value? {
        guard let text = parameters.last(where: { $0.name == name })?.value else { return nil }
        return try value(text, of: name) { echo[name] = $0 }
    }

    func required<Value: FieldValue>(_ name: String) throws(Refusal) -> Value {
        guard let value = try optional(name) as Value? else { throw .invalid("the query parameter \(name) is missing") }
        return value
    }

    /// Every value of a repeated parameter, in order; nil when it does not occur.
    func list<Value: FieldValue>(_ name: String) throws(Refusal) -> [Value]? {
        let texts = parameters.filter { $0.name == name }.map(\.value)
        guard !texts.isEmpty else { return nil }
        var values: [Value] = []
        var shown: [JSON] = []
        for text in texts { values.append(try value(text, of: name) { shown.append($0) }) }
        echo[name] = .array(shown)
        return values
    }

    /// `name[key]=value` for each key; nil when there is none.
    func map(_ name: String) -> [String: String]? {
        var map: [String: String] = [:]
        for parameter in parameters where parameter.name.hasPrefix(name + "[") && parameter.name.hasSuffix("]") {
            map[String(parameter.name.dropFirst(name.count + 1).dropLast())] = parameter.value
        }
        guard !map.isEmpty else { return nil }
        echo[name] = .object(map.mapValues(JSON.string))
        return map
    }

    /// Those that a list is to be cut to.
    func page(maximum: Int64 = Query.maximumLimit) throws(Refusal) -> (offset: Int, limit: Int) {
        let limit = try optional("limit") ?? Self.defaultLimit
        let offset = try optional("offset") ?? Int64(0)
        guard (1...maximum).contains(limit) else {
            throw .invalid("limit must be between 1 and \(maximum), not \(limit)")
        }
        guard offset >= 0 else { throw .invalid("offset must not be negative, as \(offset) is") }
        echo["limit"] = .number(String(limit))
        echo["offset"] = .number(String(offset))
        return (Int(offset), Int(limit))
    }

    private func value<Value: FieldValue>(
        _ text: String, of name: String, show: (JSON) -> Void
    ) throws(Refusal) -> Value {
        let json = Value.json(ofQuery: text)
        guard let value = Value(json: json) else {
            throw .invalid("the query parameter \(name) must be \(Value.expectation), not \(json.excerpt)")
        }
        show(json)
        return value
    }
}

/// Percent-encoded text of URLs.
enum FormText {
    /// Nil when an escape is cut short or the result is not UTF-8.
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.utf8.count)
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = bytes.next().flatMap(digit), let low = bytes.next().flatMap(digit) else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        Character(Unicode.Scalar(character)).hexDigitValue.map(UInt8.init)
    }
}
