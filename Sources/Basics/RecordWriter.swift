/// The bytes of a record while they are written: CBOR items, RFC 8949 section 3, always in their shortest form.
///
/// A piece of memory that grows, not an `[UInt8]`: the closer writes thousands of small items for each millisecond.
public struct RecordWriter: ~Copyable {
    @usableFromInline var memory: UnsafeMutableRawPointer
    @usableFromInline var capacity = 1024
    @usableFromInline var count = 0

    public init() {
        memory = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit {
        memory.deallocate()
    }

    /// What has been written so far.
    public var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: memory, count: count)) }

    /// How many bytes that are.
    public var position: Int { count }

    /// Lends them from a place on, where they lie.
    public borrowing func withBytes<R>(from start: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        body(UnsafeRawBufferPointer(start: memory + start, count: count - start))
    }

    /// How much more may be written before the memory must grow: made sure of before each item.
    @inlinable
    mutating func makeRoom(_ needed: Int) {
        if capacity - count < needed { grow(needed) }
    }

    @usableFromInline
    mutating func grow(_ needed: Int) {
        let larger = max(capacity * 2, count + needed)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
        moved.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = moved
        capacity = larger
    }

    /// The first byte of an item and its argument, in as few bytes as hold it. Most are a single byte.
    @inlinable @inline(__always)
    mutating func writeHead(major: UInt8, _ argument: UInt64) {
        guard argument < 24 else { return writeLongHead(major: major, argument) }
        makeRoom(1)
        put(major << 5 | UInt8(truncatingIfNeeded: argument))
    }

    @usableFromInline
    mutating func writeLongHead(major: UInt8, _ argument: UInt64) {
        makeRoom(9)
        // 1, 2, 4 or 8 bytes, whose logarithm the first byte tells.
        let code: UInt8 = argument <= UInt8.max ? 0 : argument <= UInt16.max ? 1 : argument <= UInt32.max ? 2 : 3
        put(major << 5 | 24 + code)
        let width = 1 << Int(code)
        // All eight, of which those that count come first and the others are written over.
        let bytes = (argument << UInt64(64 - width * 8)).bigEndian
        memory.storeBytes(of: bytes, toByteOffset: count, as: UInt64.self)
        count += width
    }

    /// Where room has been made.
    @inlinable
    mutating func put(_ number: some FixedWidthInteger & BitwiseCopyable) {
        memory.storeBytes(of: number.bigEndian, toByteOffset: count, as: type(of: number))
        count += number.bitWidth / 8
    }

    @inlinable
    mutating func put(_ content: UnsafeRawBufferPointer) {
        guard let start = content.baseAddress else { return }
        makeRoom(content.count)
        (memory + count).copyMemory(from: start, byteCount: content.count)
        count += content.count
    }
}

extension RecordWriter {
    @inlinable
    public mutating func writeNull() { writeSimple(0xF6) }

    @inlinable
    public mutating func write(_ value: Bool) { writeSimple(value ? 0xF5 : 0xF4) }

    @inlinable
    public mutating func write(_ value: UInt64) { writeHead(major: 0, value) }

    @inlinable
    public mutating func write(_ value: Int64) {
        // -1 - n is the complement of n.
        value < 0 ? writeHead(major: 1, UInt64(bitPattern: ~value)) : writeHead(major: 0, UInt64(bitPattern: value))
    }

    public mutating func write(_ value: Int128) {
        value < 0 ? write(major: 1, bignumTag: 3, UInt128(~value)) : write(major: 0, bignumTag: 2, UInt128(value))
    }

    @inlinable
    public mutating func write(_ value: String) {
        var value = value
        value.withUTF8 { content in
            writeHead(major: 3, UInt64(content.count))
            put(UnsafeRawBufferPointer(content))
        }
    }

    public mutating func write(_ value: [UInt8]) {
        writeHead(major: 2, UInt64(value.count))
        value.withUnsafeBytes { put($0) }
    }

    /// The beginning of an array: its items must follow.
    @inlinable
    public mutating func writeArray(count: Int) { writeHead(major: 4, UInt64(count)) }

    mutating func writeMap(count: Int) { writeHead(major: 5, UInt64(count)) }

    mutating func write(_ value: Double) {
        writeSimple(0xFB)
        makeRoom(8)
        put(value.bitPattern)
    }

    /// Past 64 bits a bignum.
    mutating func write(major: UInt8, bignumTag: UInt8, _ value: UInt128) {
        if let short = UInt64(exactly: value) { return writeHead(major: major, short) }
        let width = 16 - value.leadingZeroBitCount / 8
        writeHead(major: 6, UInt64(bignumTag))
        writeHead(major: 2, UInt64(width))
        makeRoom(width)
        for place in (0..<width).reversed() { put(UInt8(truncatingIfNeeded: value >> (place * 8))) }
    }

    @inlinable
    mutating func writeSimple(_ byte: UInt8) {
        makeRoom(1)
        put(byte)
    }
}
