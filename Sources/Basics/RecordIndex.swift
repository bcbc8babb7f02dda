/// The items of one record in the order of its bytes, found and checked in one pass.
///
/// Once there is an index, every offset in it lies within the bytes, every text is UTF-8, and the keys of every map
/// ascend: readers need no checks of their own. Item 0 is the whole record.
final class RecordIndex {
    enum Kind: UInt8 {
        case null, bool, unsigned, negative, bignum, negativeBignum, double, text, bytes, array, map
    }

    struct Item {
        let kind: Kind
        /// The number, the double's bits, 0 or 1 for a bool, or the count of bytes, elements or fields.
        let argument: UInt64
        /// Where the content of a text, a byte string or a bignum starts.
        let start: Int
        /// The item after this one and all that it holds. A map holds its keys and values in turns.
        var next: Int
    }

    /// Lent for the length of one `decode` call.
    let bytes: UnsafeRawBufferPointer
    let items: [Item]

    init(_ bytes: UnsafeRawBufferPointer) throws(MalformedRecord) {
        var scanner = RecordScanner(bytes: bytes)
        try scanner.scanRecord()
        self.bytes = bytes
        self.items = scanner.items
    }

    /// The bytes of a text, a byte string or a bignum.
    func content(_ item: Item) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[item.start..<item.start + Int(item.argument)])
    }

    func text(_ item: Item) -> String {
        String(decoding: content(item), as: UTF8.self)
    }
}

/// Walks the bytes once. Recursion is bounded by the depth limit, and every count by the bytes that are left.
private struct RecordScanner {
    private let bytes: UnsafeRawBufferPointer
    private var reader: RecordReader
    var items: [RecordIndex.Item] = []

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        reader = RecordReader(bytes)
        items.reserveCapacity(bytes.count / 6 + 1)
    }

    private var offset: Int { reader.offset }
    private var left: Int { reader.left }

    mutating func scanRecord() throws(MalformedRecord) {
        try scan(depth: 0)
        try reader.finish()
    }

    private mutating func scan(depth: Int) throws(MalformedRecord) {
        let first = offset
        let (major, argument) = try reader.head()
        switch major {
        case 0: add(.unsigned, argument)
        case 1: add(.negative, argument)
        case 2: try addContent(.bytes, argument)
        case 3: try addText(argument)
        case 4, 5:
            guard depth < RecordEncoder.depthLimit else {
                throw MalformedRecord(offset: first, reason: .tooDeep(limit: RecordEncoder.depthLimit))
            }
            let place = items.count
            if major == 4 {
                try scanArray(argument, depth: depth + 1)
            } else {
                try scanMap(argument, depth: depth + 1)
            }
            items[place].next = items.count
        case 6: try scanBignum(tag: argument, at: first)
        default: try scanSimple(argument, at: first)
        }
    }

    private mutating func scanArray(_ count: UInt64, depth: Int) throws(MalformedRecord) {
        guard count <= left else { throw ended(count, left) }
        add(.array, count)
        for _ in 0..<count { try scan(depth: depth) }
    }

    private mutating func scanMap(_ count: UInt64, depth: Int) throws(MalformedRecord) {
        guard count <= left / 2 else { throw ended(count, left / 2) }
        add(.map, count)
        var previous: UnsafeRawBufferPointer?
        for _ in 0..<count {
            let first = offset
            let (major, length) = try reader.head()
            guard major == 3 else { throw MalformedRecord(offset: first, reason: .keyNotText) }
            try addText(length)
            let key = UnsafeRawBufferPointer(rebasing: bytes[offset - Int(length)..<offset])
            if let previous, !Self.precedes(previous, key) {
                let text = String(decoding: key, as: UTF8.self)
                let isSame = previous.elementsEqual(key)
                throw MalformedRecord(offset: first, reason: isSame ? .duplicateKey(text) : .keyOutOfOrder(text))
            }
            previous = key
            try scan(depth: depth)
        }
    }

    private static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }

    private mutating func scanBignum(tag: UInt64, at first: Int) throws(MalformedRecord) {
        guard tag == 2 || tag == 3 else { throw unsupported(first) }
        let second = offset
        let (major, length) = try reader.head()
        guard major == 2 else { throw unsupported(second) }
        try addContent(tag == 2 ? .bignum : .negativeBignum, length)
    }

    private mutating func scanSimple(_ argument: UInt64, at first: Int) throws(MalformedRecord) {
        switch bytes[first] & 31 {
        case 20, 21: add(.bool, argument - 20)
        case 22: add(.null, 0)
        case 25: add(.double, Double(Float16(bitPattern: UInt16(argument))).bitPattern)
        case 26: add(.double, Double(Float(bitPattern: UInt32(argument))).bitPattern)
        case 27: add(.double, argument)
        default: throw unsupported(first)
        }
    }

    private mutating func addText(_ length: UInt64) throws(MalformedRecord) {
        try addContent(.text, length)
        let content = UnsafeRawBufferPointer(rebasing: bytes[offset - Int(length)..<offset])
        let isASCII = content.reduce(0, |) < 0x80
        guard isASCII || String(validating: content, as: UTF8.self) != nil else {
            throw MalformedRecord(offset: offset - Int(length), reason: .notUTF8)
        }
    }

    private mutating func addContent(_ kind: RecordIndex.Kind, _ length: UInt64) throws(MalformedRecord) {
        let start = offset
        _ = try reader.content(length)
        items.append(RecordIndex.Item(kind: kind, argument: length, start: start, next: items.count + 1))
    }

    private mutating func add(_ kind: RecordIndex.Kind, _ argument: UInt64) {
        items.append(RecordIndex.Item(kind: kind, argument: argument, start: offset, next: items.count + 1))
    }

    private func ended(_ needed: UInt64, _ left: Int) -> MalformedRecord {
        MalformedRecord(offset: offset, reason: .ended(needed: needed, left: left))
    }

    private func unsupported(_ place: Int) -> MalformedRecord { reader.unsupported(place) }
}
