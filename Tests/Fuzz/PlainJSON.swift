/// A JSON text (RFC 8259), read slowly and plainly, to compare the fast readers with.
///
/// Keeps what they are asked about: fields in their order with every repetition, literals of numbers, and where in the
/// text each value stands.
package struct PlainJSON {
    package indirect enum Content {
        case null
        case bool(Bool)
        /// Its literal.
        case number([UInt8])
        /// UTF-8, unescaped.
        case string([UInt8])
        case array([PlainJSON])
        case object([(name: [UInt8], value: PlainJSON)])
    }

    package let content: Content
    package let place: Range<Int>
    /// Levels of objects and lists, 0 for a scalar.
    package let depth: Int

    /// Nil when the bytes are no JSON text, or nest deeper than 256 levels: the reader calls itself.
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var reader = Reader(rest: bytes)
        reader.skipSpace()
        guard let value = reader.value() else { return nil }
        reader.skipSpace()
        guard reader.rest.isEmpty else { return nil }
        self = value
    }

    private init(_ content: Content, from start: Int, to end: Int) {
        self.content = content
        place = start..<end
        depth =
            switch content {
            case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
            case .object(let fields): 1 + (fields.map(\.value.depth).max() ?? 0)
            default: 0
            }
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        private var depth = 0

        init(rest: ArraySlice<UInt8>) {
            self.rest = rest
        }

        mutating func value() -> PlainJSON? {
            guard depth < 256 else { return nil }
            depth += 1
            defer { depth -= 1 }
            let start = rest.startIndex
            let content: Content? =
                switch rest.first {
                case UInt8(ascii: "{"): object()
                case UInt8(ascii: "["): array()
                case UInt8(ascii: "\""): string().map { .string($0) }
                default: scalar()
                }
            return content.map { PlainJSON($0, from: start, to: rest.startIndex) }
        }

        private mutating func object() -> Content? {
            var fields: [(name: [UInt8], value: PlainJSON)] = []
            take("{")
            skipSpace()
            if take("}") { return .object([]) }
            repeat {
                skipSpace()
                guard let name = string() else { return nil }
                skipSpace()
                guard take(":") else { return nil }
                skipSpace()
                guard let value = value() else { return nil }
                fields.append((name, value))
                skipSpace()
            } while take(",")
            return take("}") ? .object(fields) : nil
        }

        private mutating func array() -> Content? {
            var elements: [PlainJSON] = []
            take("[")
            skipSpace()
            if take("]") { return .array([]) }
            repeat {
                skipSpace()
                guard let element = value() else { return nil }
                elements.append(element)
                skipSpace()
            } while take(",")
            return take("]") ? .array(elements) : nil
        }

        private mutating func scalar() -> Content? {
            if take("null") { return .null }
            if take("true") { return .bool(true) }
            if take("false") { return .bool(false) }
            let start = rest
            take("-")
            guard take("0") || digits() else { return nil }
            if take("."), !digits() { return nil }
            if take("e") || take("E") {
                if !take("+") { take("-") }
                guard digits() else { return nil }
            }
            return .number(Array(start[..<rest.startIndex]))
        }

        private mutating func string() -> [UInt8]? {
            guard take("\"") else { return nil }
            var text: [UInt8] = []
            while let byte = rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""): return text
                case 0..<0x20: return nil
                case UInt8(ascii: "\\"):
                    guard let scalar = escape() else { return nil }
                    text += Array(String(scalar).utf8)
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func escape() -> Unicode.Scalar? {
            guard let letter = rest.popFirst() else { return nil }
            if letter == UInt8(ascii: "u") {
                guard let unit = unit() else { return nil }
                guard 0xD800..<0xDC00 ~= unit else { return Unicode.Scalar(unit) }
                guard take(#"\u"#), let low = self.unit(), 0xDC00..<0xE000 ~= low else { return nil }
                return Unicode.Scalar(0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00))
            }
            let meanings: [Character: Unicode.Scalar] = [
                "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
            ]
            return meanings[Character(Unicode.Scalar(letter))]
        }

        private mutating func unit() -> UInt32? {
            let digits = rest.prefix(4).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count == 4 else { return nil }
            rest.removeFirst(4)
            return digits.reduce(0) { $0 * 16 + UInt32($1) }
        }

        private mutating func digits() -> Bool {
            let count = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count
            rest.removeFirst(count)
            return count > 0
        }

        mutating func skipSpace() {
            rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        }

        @discardableResult
        private mutating func take(_ text: String) -> Bool {
            guard rest.starts(with: text.utf8) else { return false }
            rest.removeFirst(text.utf8.count)
            return true
        }
    }
}
