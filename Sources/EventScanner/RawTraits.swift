/// A JSON object whose fields are looked for by name in its bytes, which the scanner has checked to the last one.
///
/// What stands deeper is stepped over. Of a field that occurs twice the last counts, as everywhere in a body.
package struct RawTraits {
    package enum Value: Equatable, Sendable {
        case text(String)
        /// The literal as it stands.
        case number(String)
        case bool(Bool)
        case null
        case list, object
    }

    private let bytes: ScannedEvent.Text
    private var place = 0

    /// - Parameter bytes: an object, from brace to brace.
    package init(_ bytes: ScannedEvent.Text) {
        self.bytes = bytes
    }

    /// The values of these fields, each named once, in the order of the names; nil for a field that is not there.
    package static func values(of names: [String], in bytes: ScannedEvent.Text) -> [Value?] {
        var traits = RawTraits(bytes)
        var found = [Value?](repeating: nil, count: names.count)
        traits.forEach { name, traits in
            if let index = names.firstIndex(of: name) { found[index] = traits.value() }
        }
        return found
    }

    /// Visits the fields in order. The visitor may read the value; what it leaves is stepped over.
    private mutating func forEach(_ body: (String, inout RawTraits) -> Void) {
        place = 1
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { return }
            let name = text()
            skipSpace()
            place += 1
            skipSpace()
            let start = place
            body(name, &self)
            if place == start { skipValue() }
            skipSpace()
            guard peek == UInt8(ascii: ",") else { return }
            place += 1
        }
    }

    /// What of it there is.
    private func slice(_ start: Int, _ end: Int) -> Slice<ScannedEvent.Text> {
        let end = min(end, bytes.count)
        return bytes[min(start, end)..<end]
    }

    /// 0 past the end.
    private var peek: UInt8 { place < bytes.count ? bytes[place] : 0 }

    private mutating func skipSpace() {
        while [0x20, 0x0A, 0x0D, 0x09].contains(peek) { place += 1 }
    }

    private mutating func value() -> Value {
        switch peek {
        case UInt8(ascii: "\""): return .text(text())
        case UInt8(ascii: "{"):
            skipValue()
            return .object
        case UInt8(ascii: "["):
            skipValue()
            return .list
        default:
            let (start, first) = (place, peek)
            skipValue()
            switch first {
            case UInt8(ascii: "t"): return .bool(true)
            case UInt8(ascii: "f"): return .bool(false)
            case UInt8(ascii: "n"): return .null
            default: return .number(String(decoding: slice(start, place), as: UTF8.self))
            }
        }
    }

    private mutating func skipValue() {
        switch peek {
        case UInt8(ascii: "\""): skipText()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            repeat {
                switch peek {
                case UInt8(ascii: "\""):
                    skipText()
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
                place += 1
            } while depth > 0 && place < bytes.count
        default:
            while place < bytes.count, !",]} \n\r\t".utf8.contains(bytes[place]) { place += 1 }
        }
    }

    /// Steps over a string. Answers whether it has escapes.
    @discardableResult
    private mutating func skipText() -> Bool {
        var hasEscapes = false
        place += 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            if bytes[place] == UInt8(ascii: "\\") {
                hasEscapes = true
                place += 1
            }
            place += 1
        }
        place += 1
        return hasEscapes
    }

    private mutating func text() -> String {
        let start = place + 1
        let hasEscapes = skipText()
        let raw = slice(start, place - 1)
        return hasEscapes ? Self.unescaped(raw) : String(decoding: raw, as: UTF8.self)
    }

    private static func unescaped(_ raw: Slice<ScannedEvent.Text>) -> String {
        var units: [UInt16] = []
        var text: [UInt8] = []
        // Escaped code units gather, because two of them may be one character.
        func flush() {
            text.append(contentsOf: String(decoding: units, as: UTF16.self).utf8)
            units = []
        }
        var rest = raw
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                if !units.isEmpty { flush() }
                text.append(byte)
                continue
            }
            switch escape {
            case UInt8(ascii: "u"):
                units.append(UInt16(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16) ?? 0xFFFD)
                rest = rest.dropFirst(4)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            default: units.append(UInt16(escape))
            }
        }
        flush()
        return String(decoding: text, as: UTF8.self)
    }
}
