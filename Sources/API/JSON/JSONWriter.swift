internal import NIOCore

/// Writes JSON straight into the bytes that go out: no tree, no reflection; a field's name stands where it is written.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether the next value or field follows another one.
    private var followsValue = false

    init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    var buffer: ByteBuffer { ByteBuffer(bytes: bytes) }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func object(_ fields: (inout JSONWriter) throws -> Void) rethrows {
        begin(UInt8(ascii: "{"))
        try fields(&self)
        end(UInt8(ascii: "}"))
    }

    mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        begin(UInt8(ascii: "["))
        try elements(&self)
        end(UInt8(ascii: "]"))
    }

    /// A field whose value is written by `value`, which must write exactly one.
    mutating func field(_ name: StaticString, _ value: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(quote)
        append(name)
        append("\":")
        followsValue = false
        try value(&self)
    }

    mutating func field(_ name: StaticString, _ value: some JSONWritable) {
        field(name) { value.write(to: &$0) }
    }

    mutating func field(_ name: StaticString, _ value: some RawRepresentable<String>) {
        field(name, value.rawValue)
    }

    mutating func field(_ name: StaticString, _ value: (some RawRepresentable<String>)?) {
        field(name, value?.rawValue)
    }

    /// A field whose name comes from data.
    mutating func field(named name: String, _ value: some JSONWritable) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        followsValue = false
        value.write(to: &self)
    }

    mutating func string(_ text: String) {
        separate()
        bytes.append(quote)
        var text = text
        text.withUTF8 { utf8 in
            var plain = 0
            for (index, byte) in utf8.enumerated() where !isPlain(byte) {
                bytes.append(contentsOf: utf8[plain..<index])
                escape(byte)
                plain = index + 1
            }
            bytes.append(contentsOf: utf8[plain...])
        }
        bytes.append(quote)
    }

    /// Text that is JSON already: a number's literal, `true`, a stored value.
    mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    mutating func null() {
        separate()
        append("null")
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        followsValue = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        followsValue = true
    }

    private mutating func separate() {
        if followsValue { bytes.append(UInt8(ascii: ",")) }
        followsValue = true
    }

    private mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case quote: append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case UInt8(ascii: "\n"): append("\\n")
        case UInt8(ascii: "\r"): append("\\r")
        case UInt8(ascii: "\t"): append("\\t")
        default:
            // Two digits are enough: the other control characters are below 0x20.
            append("\\u00")
            bytes.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            bytes.append(contentsOf: String(byte & 0xF, radix: 16).utf8)
        }
    }
}

private let quote = UInt8(ascii: "\"")

private func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != quote && byte != UInt8(ascii: "\\")
}
