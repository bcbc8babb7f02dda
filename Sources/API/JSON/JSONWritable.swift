internal import Basics
internal import Model

/// What can stand in an answer.
protocol JSONWritable: SendableMetatype {
    func write(to json: inout JSONWriter)
}

/// An object of the contract. Names and required fields: `CompanyDetailResponseData` and so on of Schematic's API.
///
/// A field that has no value is written as null. Optional fields that Tollgate never fills are left away.
protocol WireObject: JSONWritable {
    func writeFields(to json: inout JSONWriter)
}

extension WireObject {
    func write(to json: inout JSONWriter) {
        json.object { writeFields(to: &$0) }
    }
}

/// A value that was written before.
struct WrittenJSON: JSONWritable {
    let text: String

    func write(to json: inout JSONWriter) { json.raw(text.utf8) }
}

extension String: JSONWritable {
    func write(to json: inout JSONWriter) { json.string(self) }
}

extension Bool: JSONWritable {
    func write(to json: inout JSONWriter) { json.raw((self ? "true" : "false").utf8) }
}

extension Int: JSONWritable {
    func write(to json: inout JSONWriter) { json.raw(String(self).utf8) }
}

extension Int64: JSONWritable {
    func write(to json: inout JSONWriter) { json.raw(String(self).utf8) }
}

extension Timestamp: JSONWritable {
    func write(to json: inout JSONWriter) { json.string(rfc3339) }
}

extension Identifier: JSONWritable {
    func write(to json: inout JSONWriter) { json.string(description) }
}

extension Currency: JSONWritable {
    func write(to json: inout JSONWriter) { json.string(code) }
}

/// As text: a JSON number would pass through binary floating point in most readers.
extension Decimal: JSONWritable {
    func write(to json: inout JSONWriter) { json.string(description) }
}

extension Optional: JSONWritable where Wrapped: JSONWritable {
    func write(to json: inout JSONWriter) {
        if let self { self.write(to: &json) } else { json.null() }
    }
}

extension Array: JSONWritable where Element: JSONWritable {
    func write(to json: inout JSONWriter) {
        json.array { for element in self { element.write(to: &$0) } }
    }
}

/// In the order of the names, so that the same answer has the same bytes.
extension Dictionary: JSONWritable where Key == String, Value: JSONWritable {
    func write(to json: inout JSONWriter) {
        json.object {
            for (name, value) in sorted(by: { $0.key < $1.key }) { $0.field(named: name, value) }
        }
    }
}

extension JSON: JSONWritable {
    func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.null()
        case .bool(let value): value.write(to: &json)
        case .number(let literal): json.raw(literal.utf8)
        case .string(let text): json.string(text)
        case .array(let elements): elements.write(to: &json)
        case .object(let fields): fields.write(to: &json)
        }
    }
}

/// A list that the contract requires and Tollgate has nothing to put in.
struct EmptyList: JSONWritable {
    func write(to json: inout JSONWriter) { json.array { _ in } }
}

extension JSONWriter {
    /// Lists that the contract requires and Tollgate has nothing to put in.
    mutating func emptyLists(_ names: StaticString...) {
        for name in names { field(name, EmptyList()) }
    }
}

/// A number that is not a whole one, such as a percentage: a JSON number, exact in its digits.
struct DecimalNumber: JSONWritable {
    let value: Decimal

    func write(to json: inout JSONWriter) { json.raw(value.description.utf8) }
}
