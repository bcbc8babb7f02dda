/// A place in the bytes of a record that moves on as its items are read, one after another.
///
/// Refused with `MalformedRecord`: bytes that end early, and an item of another kind than the one asked for. No bytes
/// trap.
public struct RecordReader {
    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline var offset = 0
    private var depth = 0

    /// `bytes` need to stay for as long as the reader.
    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    @inlinable var left: Int { bytes.count - offset }

    /// Refuses what goes on after the record.
    public func finish() throws(MalformedRecord) {
        guard left == 0 else { throw MalformedRecord(offset: offset, reason: .trailing(left)) }
    }

    /// The major type of an item and its argument.
    @inlinable
    mutating func head() throws(MalformedRecord) -> (major: UInt8, argument: UInt64) {
        guard left > 0 else { throw ended(1) }
        let first = bytes[offset]
        offset += 1
        let short = first & 31
        if short < 24 { return (first >> 5, UInt64(short)) }
        return (first >> 5, try argument(short))
    }

    @usableFromInline
    mutating func argument(_ short: UInt8) throws(MalformedRecord) -> UInt64 {
        guard short < 28 else { throw unsupported(offset - 1) }
        let width = 1 << Int(short - 24)
        guard width <= left else { throw ended(UInt64(width)) }
        defer { offset += width }
        return switch width {
        case 1: UInt64(bytes[offset])
        case 2: UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
        case 4: UInt64(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        default: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
    }

    /// The argument of an item that must be of this major type.
    @inlinable
    mutating func argument(ofMajor expected: UInt8) throws(MalformedRecord) -> UInt64 {
        let first = offset
        let (major, argument) = try head()
        guard major == expected else { throw unsupported(first) }
        return argument
    }

    /// The next bytes, which an item has announced.
    @inlinable
    mutating func content(_ length: UInt64) throws(MalformedRecord) -> UnsafeRawBufferPointer {
        guard length <= left else { throw ended(length) }
        let content = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(length)])
        offset += Int(length)
        return content
    }

    @usableFromInline
    func ended(_ needed: UInt64) -> MalformedRecord {
        MalformedRecord(offset: offset, reason: .ended(needed: needed, left: left))
    }

    @usableFromInline
    func unsupported(_ place: Int) -> MalformedRecord {
        MalformedRecord(offset: place, reason: .unsupported(bytes[place]))
    }
}

extension RecordReader {
    /// Whether the next item is an array.
    public var isAtArray: Bool { left > 0 && bytes[offset] >> 5 == 4 }

    /// Passes over a null, if one comes next.
    @inlinable
    public mutating func readNull() -> Bool {
        guard left > 0, bytes[offset] == 0xF6 else { return false }
        offset += 1
        return true
    }

    public mutating func readBool() throws(MalformedRecord) -> Bool {
        guard left > 0 else { throw ended(1) }
        guard bytes[offset] & 0xFE == 0xF4 else { throw unsupported(offset) }
        defer { offset += 1 }
        return bytes[offset] == 0xF5
    }

    @inlinable
    public mutating func readUInt64() throws(MalformedRecord) -> UInt64 { try argument(ofMajor: 0) }

    @inlinable
    public mutating func readInt64() throws(MalformedRecord) -> Int64 {
        let first = offset
        let (major, argument) = try head()
        guard major <= 1, let magnitude = Int64(exactly: argument) else { throw unsupported(first) }
        return major == 0 ? magnitude : ~magnitude
    }

    public mutating func readInt128() throws(MalformedRecord) -> Int128 {
        let first = offset
        let (major, argument) = try head()
        if major <= 1 { return major == 0 ? Int128(argument) : ~Int128(argument) }
        guard major == 6, argument == 2 || argument == 3 else { throw unsupported(first) }
        let digits = try content(try self.argument(ofMajor: 2))
        let magnitude = digits.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        guard digits.count <= 16, let number = Int128(exactly: magnitude) else { throw unsupported(first) }
        return argument == 2 ? number : ~number
    }

    public mutating func readString() throws(MalformedRecord) -> String {
        let content = try content(try argument(ofMajor: 3))
        // Nearly all texts are ASCII, which needs no validation.
        if content.allSatisfy({ $0 < 0x80 }) { return String(decoding: content, as: UTF8.self) }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw MalformedRecord(offset: offset - content.count, reason: .notUTF8)
        }
        return text
    }

    /// The count of an array, whose items follow. Each takes a byte at least, so no count makes anybody wait or
    /// allocate for items that are not there.
    @inlinable
    public mutating func readArray() throws(MalformedRecord) -> Int {
        let count = try argument(ofMajor: 4)
        guard count <= left else { throw ended(count) }
        return Int(count)
    }

    /// Begins a noun of so many fields.
    @inlinable
    public mutating func readFields(_ expected: Int) throws(MalformedRecord) {
        let first = offset
        guard try readArray() == expected else { throw unsupported(first) }
    }

    /// Begins a noun that has gained fields since: those of older records end sooner. Answers how many there are.
    @inlinable
    public mutating func readFields(_ expected: ClosedRange<Int>) throws(MalformedRecord) -> Int {
        let first = offset
        let count = try readArray()
        guard expected.contains(count) else { throw unsupported(first) }
        return count
    }

    /// Passes over the next `count` items, whatever they hold.
    public mutating func skip(_ count: Int = 1) throws(MalformedRecord) {
        var left = count
        while left > 0 {
            left -= 1
            let (major, argument) = try head()
            switch major {
            case 2, 3: _ = try content(argument)
            case 4, 5:
                // Each item takes a byte at least.
                guard argument <= self.left else { throw ended(argument) }
                left += Int(argument) * (major == 5 ? 2 : 1)
            case 6: left += 1
            default: break
            }
        }
    }

    /// Reads a value that may hold others of its own type, to a depth of `RecordEncoder.depthLimit`.
    public mutating func nested<Value>(
        _ body: (inout RecordReader) throws(MalformedRecord) -> Value
    ) throws(MalformedRecord) -> Value {
        guard depth < RecordEncoder.depthLimit else {
            throw MalformedRecord(offset: offset, reason: .tooDeep(limit: RecordEncoder.depthLimit))
        }
        depth += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    /// The field that was just read has a value that its type does not have.
    public func unfit() -> MalformedRecord { MalformedRecord(offset: offset, reason: .unfit) }
}
