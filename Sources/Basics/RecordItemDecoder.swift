/// One item of a record, as `Decodable` values see it.
struct RecordItemDecoder: Decoder {
    let index: RecordIndex
    let place: Int
    let path: RecordPath

    var codingPath: [any CodingKey] { path.keys }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard index.items[place].kind == .map else { throw mismatch("a map") }
        return KeyedDecodingContainer(RecordMapDecoder(self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard index.items[place].kind == .array else { throw mismatch("an array") }
        return RecordArrayDecoder(self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        self
    }
}

extension RecordItemDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool {
        index.items[place].kind == .null
    }

    /// The types that are one CBOR item are read here; all others read themselves. The chain folds to one arm where the
    /// type is known.
    @inline(__always)
    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if T.self == String.self {
            try text() as! T
        } else if T.self == Int64.self {
            try number(Int64.self) as! T
        } else if T.self == Int.self {
            try number(Int.self) as! T
        } else if T.self == Bool.self {
            try bool() as! T
        } else if T.self == UInt64.self {
            try number(UInt64.self) as! T
        } else if T.self == [UInt8].self {
            try bytes() as! T
        } else if T.self == Int128.self {
            try number(Int128.self) as! T
        } else if T.self == UInt128.self {
            try number(UInt128.self) as! T
        } else if T.self == Int32.self {
            try number(Int32.self) as! T
        } else if T.self == UInt32.self {
            try number(UInt32.self) as! T
        } else if T.self == Int16.self {
            try number(Int16.self) as! T
        } else if T.self == UInt16.self {
            try number(UInt16.self) as! T
        } else if T.self == Int8.self {
            try number(Int8.self) as! T
        } else if T.self == UInt8.self {
            try number(UInt8.self) as! T
        } else if T.self == UInt.self {
            try number(UInt.self) as! T
        } else if T.self == Double.self {
            try double() as! T
        } else if T.self == Float.self {
            Float(try double()) as! T
        } else {
            try T(from: self)
        }
    }

    // Each container states its 128-bit forms: there the protocol's default, which throws, outranks the generic method.
    func decode(_ type: Int128.Type) throws -> Int128 { try number(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try number(type) }
}

extension RecordItemDecoder {
    private func bool() throws -> Bool {
        let item = index.items[place]
        guard item.kind == .bool else { throw mismatch("a bool", Bool.self) }
        return item.argument == 1
    }

    private func text() throws -> String {
        let item = index.items[place]
        guard item.kind == .text else { throw mismatch("a text", String.self) }
        return index.text(item)
    }

    private func bytes() throws -> [UInt8] {
        let item = index.items[place]
        guard item.kind == .bytes else { throw mismatch("a byte string", [UInt8].self) }
        return Array(index.content(item))
    }

    private func double() throws -> Double {
        let item = index.items[place]
        guard item.kind == .double else { throw mismatch("a floating-point number", Double.self) }
        return Double(bitPattern: item.argument)
    }

    private func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        let item = index.items[place]
        switch item.kind {
        case .unsigned:
            if let number = Number(exactly: item.argument) { return number }
        case .negative:
            if let number = Number(complementOf: item.argument) { return number }
        case .bignum:
            if let magnitude = magnitude(item), let number = Number(exactly: magnitude) { return number }
        case .negativeBignum:
            if let magnitude = magnitude(item), let number = Number(complementOf: magnitude) { return number }
        default:
            throw mismatch("an integer", type)
        }
        throw DecodingError.dataCorrupted(context("A number does not fit \(Number.self)."))
    }

    private func magnitude(_ item: RecordIndex.Item) -> UInt128? {
        guard item.argument <= 16 else { return nil }
        return index.content(item).reduce(0) { $0 << 8 | UInt128($1) }
    }

    private func mismatch(_ expected: String, _ type: any Any.Type = Any.self) -> DecodingError {
        let kind = index.items[place].kind
        let context = context("Expected \(expected), found \(kind).")
        return kind == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    private func context(_ sentence: String) -> DecodingError.Context {
        DecodingError.Context(codingPath: path.keys, debugDescription: sentence)
    }
}

extension FixedWidthInteger {
    /// The number -1 - n, which is the complement of n; nil where that does not fit.
    fileprivate init?(complementOf magnitude: some UnsignedInteger) {
        guard Self.isSigned, let number = Self(exactly: magnitude) else { return nil }
        self = ~number
    }
}
