internal import Model

/// Any JSON value. Numbers keep their literal text, so nothing of a request passes through binary floating point.
typealias JSON = TraitValue

/// Reads one JSON text (RFC 8259) into a value; whatever is wrong with it is a 400 that says where.
///
/// Bodies of usage events never come this way: they are scanned in place. Of a name that occurs twice the last counts;
/// control characters in strings need no escape.
struct JSONParser {
    /// How deep objects and lists may be nested: the parser calls itself, and its stack is not the client's to fill.
    static let maximumDepth = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    static func parse(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> JSON {
        var parser = JSONParser(bytes: bytes.assumingMemoryBound(to: UInt8.self))
        parser.skipSpace()
        guard parser.place < bytes.count else { throw .invalid("the body is empty, a JSON object was expected") }
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.place == bytes.count else { throw parser.malformed("nothing more was expected") }
        return value
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    private mutating func value(depth: Int) throws(Refusal) -> JSON {
        guard depth < Self.maximumDepth else {
            throw .invalid("the body is nested more than \(Self.maximumDepth) levels deep")
        }
        switch peek {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(Refusal) -> [String: JSON] {
        var fields: [String: JSON] = [:]
        place += 1
        skipSpace()
        if take("}") { return fields }
        while true {
            guard peek == UInt8(ascii: "\"") else { throw malformed("a field's name in quotes was expected") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw malformed("a colon was expected") }
            skipSpace()
            fields[name] = try value(depth: depth + 1)
            skipSpace()
            if take("}") { return fields }
            guard take(",") else { throw malformed("a comma or } was expected") }
            skipSpace()
        }
    }

    private mutating func array(depth: Int) throws(Refusal) -> [JSON] {
        var elements: [JSON] = []
        place += 1
        skipSpace()
        if take("]") { return elements }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return elements }
            guard take(",") else { throw malformed("a comma or ] was expected") }
            skipSpace()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(Refusal) -> JSON {
        let end = place + word.utf8CodeUnitCount
        let letters = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard end <= bytes.count, bytes[place..<end].elementsEqual(letters) else {
            throw malformed("a value was expected")
        }
        place = end
        return value
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`, as it stands.
    private mutating func number() throws(Refusal) -> String {
        let start = place
        _ = take("-")
        let leadingZero = take("0")
        guard leadingZero || skipDigits() else {
            place = start
            throw malformed("a value was expected")
        }
        if take(".") {
            guard skipDigits() else { throw malformed("a digit was expected") }
        }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard skipDigits() else { throw malformed("a digit was expected") }
        }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func string() throws(Refusal) -> String {
        let start = place + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return try escapedString() }
        place = end + 1
        return try text(bytes[start..<end], at: start)
    }

    private mutating func escapedString() throws(Refusal) -> String {
        let start = place
        var unescaped: [UInt8] = []
        place += 1
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == UInt8(ascii: "\"") { return try text(unescaped, at: start) }
            guard byte == UInt8(ascii: "\\") else {
                unescaped.append(byte)
                continue
            }
            let scalar = try escape()
            unescaped.append(contentsOf: UTF8.encode(scalar)!)
        }
        place = start
        throw malformed("the string that begins here does not end")
    }

    /// What follows a backslash.
    private mutating func escape() throws(Refusal) -> Unicode.Scalar {
        guard let letter = peek else { throw malformed("an escape was expected") }
        place += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var unit = try hexadecimal()
            if 0xD800..<0xDC00 ~= unit, take("\\"), take("u") {
                let low = try hexadecimal()
                guard 0xDC00..<0xE000 ~= low else { throw malformed("half of a surrogate pair is missing") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw malformed("half of a surrogate pair is missing") }
            return scalar
        default: throw malformed("there is no such escape")
        }
    }

    private mutating func hexadecimal() throws(Refusal) -> UInt32 {
        guard place + 4 <= bytes.count,
            bytes[place..<place + 4].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw malformed("four hexadecimal digits were expected") }
        place += 4
        return unit
    }

    private func text(_ slice: some Collection<UInt8>, at start: Int) throws(Refusal) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw .invalid("the body is not UTF-8: the string at byte \(start) is malformed")
        }
        return text
    }
}

// MARK: - Steps

extension JSONParser {
    private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func skipDigits() -> Bool {
        let start = place
        while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { place += 1 }
        return place > start
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    private func malformed(_ expectation: String) -> Refusal {
        .invalid("the body is not JSON: at byte \(place) \(expectation)")
    }
}
