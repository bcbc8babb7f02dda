internal import NIOCore

/// Writes JSON straight into the bytes that go out: no tree, no reflection; a field's name stands where it is written.
struct JSONWriter {
    private(set) var buffer: ByteBuffer
    /// Whether the next value or field follows another one.
    private var followsValue = false

    init(capacity: Int = 512) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
    }

    mutating func object(_ fields: (inout JSONWriter) throws -> Void) rethrows {
        begin("{")
        try fields(&self)
        end("}")
    }

    mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        begin("[")
        try elements(&self)
        end("]")
    }

    /// A field whose value is written by `value`, which must write exactly one.
    mutating func field(_ name: StaticString, _ value: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        buffer.writeInteger(quote)
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
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
        buffer.writeInteger(UInt8(ascii: ":"))
        followsValue = false
        value.write(to: &self)
    }

    mutating func string(_ text: some StringProtocol) {
        separate()
        buffer.writeInteger(quote)
        if text.utf8.allSatisfy(isPlain) {
            buffer.writeSubstring(Substring(text))
        } else {
            for byte in text.utf8 { escaped(byte) }
        }
        buffer.writeInteger(quote)
    }

    /// Text that is JSON already: a number's literal, `true`, a stored value.
    mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        buffer.writeBytes(json)
    }

    mutating func null() {
        separate()
        buffer.writeStaticString("null")
    }

    private mutating func begin(_ bracket: StaticString) {
        separate()
        buffer.writeStaticString(bracket)
        followsValue = false
    }

    private mutating func end(_ bracket: StaticString) {
        buffer.writeStaticString(bracket)
        followsValue = true
    }

    private mutating func separate() {
        if followsValue { buffer.writeInteger(UInt8(ascii: ",")) }
        followsValue = true
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case quote: buffer.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
        case UInt8(ascii: "\n"): buffer.writeStaticString("\\n")
        case UInt8(ascii: "\r"): buffer.writeStaticString("\\r")
        case UInt8(ascii: "\t"): buffer.writeStaticString("\\t")
        case 0..<0x10: buffer.writeString("\\u000\(String(byte, radix: 16))")
        case 0x10..<0x20: buffer.writeString("\\u00\(String(byte, radix: 16))")
        default: buffer.writeInteger(byte)
        }
    }
}

private let quote = UInt8(ascii: "\"")

private func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != quote && byte != UInt8(ascii: "\\")
}
