/// One value of a record on its way out. Maps and arrays are shared boxes: their containers add to them later.
enum RecordItem {
    case null
    case bool(Bool)
    case unsigned(UInt128)
    /// The number -1 - n, as CBOR holds negatives.
    case negative(UInt128)
    case double(Double)
    case text(String)
    case bytes([UInt8])
    case array(RecordArray)
    case map(RecordMap)
    case slot(RecordSlot)

    init<T: Encodable>(_ value: T, path: @autoclosure () -> RecordPath) throws {
        if let scalar = RecordItem(scalar: value) {
            self = scalar
            return
        }
        if let type = T.self as? any HashOrdered.Type, !type.isWrittenInKeyOrder {
            let sentence =
                "\(T.self) has no order of its own, and equal values must give equal bytes: encode a sorted array."
            throw EncodingError.invalidValue(
                value, EncodingError.Context(codingPath: path().keys, debugDescription: sentence))
        }
        let slot = RecordSlot()
        try value.encode(to: RecordItemEncoder(slot: slot, path: path()))
        self = slot.content
    }

    /// The types that are one CBOR item by themselves. The chain folds to one arm where the type is known.
    @inline(__always)
    private init?<T>(scalar value: T) {
        if T.self == String.self {
            self = .text(value as! String)
        } else if T.self == Int64.self {
            self.init(value as! Int64)
        } else if T.self == Int.self {
            self.init(value as! Int)
        } else if T.self == Bool.self {
            self = .bool(value as! Bool)
        } else if T.self == UInt64.self {
            self.init(value as! UInt64)
        } else if T.self == [UInt8].self {
            self = .bytes(value as! [UInt8])
        } else if T.self == Int128.self {
            self.init(value as! Int128)
        } else if T.self == UInt128.self {
            self.init(value as! UInt128)
        } else if T.self == Int32.self {
            self.init(value as! Int32)
        } else if T.self == UInt32.self {
            self.init(value as! UInt32)
        } else if T.self == Int16.self {
            self.init(value as! Int16)
        } else if T.self == UInt16.self {
            self.init(value as! UInt16)
        } else if T.self == Int8.self {
            self.init(value as! Int8)
        } else if T.self == UInt8.self {
            self.init(value as! UInt8)
        } else if T.self == UInt.self {
            self.init(value as! UInt)
        } else if T.self == Double.self {
            self = .double(value as! Double)
        } else if T.self == Float.self {
            self = .double(Double(value as! Float))
        } else {
            return nil
        }
    }

    init<Number: FixedWidthInteger>(_ number: Number) {
        // -1 - n is the complement of n.
        self = number < 0 ? .negative(UInt128(~number)) : .unsigned(UInt128(number))
    }
}

final class RecordArray {
    var items: [RecordItem] = []
}

final class RecordMap {
    var fields: [(key: String, item: RecordItem)] = []
}

/// A place that an encoder fills. If the value writes nothing, it is an empty map: the value has no fields.
final class RecordSlot {
    private var item: RecordItem?

    var content: RecordItem { item ?? .map(RecordMap()) }

    func fill(_ value: RecordItem) {
        precondition(item == nil, "a value was encoded into a place that already holds one")
        item = value
    }

    func map() -> RecordMap {
        if case .map(let map) = item { return map }
        let map = RecordMap()
        fill(.map(map))
        return map
    }

    func array() -> RecordArray {
        if case .array(let array) = item { return array }
        let array = RecordArray()
        fill(.array(array))
        return array
    }
}

/// A collection whose elements come in hash order, which differs from run to run.
private protocol HashOrdered {
    /// Whether it is encoded through a keyed container, which the record sorts.
    static var isWrittenInKeyOrder: Bool { get }
}

extension Set: HashOrdered {
    fileprivate static var isWrittenInKeyOrder: Bool { false }
}

extension Dictionary: HashOrdered {
    fileprivate static var isWrittenInKeyOrder: Bool {
        Key.self == String.self || Key.self == Int.self || Key.self is any CodingKeyRepresentable.Type
    }
}
