/// The fields of a map.
///
/// Types mostly ask for fields in an order near that of the map, or three times for the same one, so the search starts
/// where the last one ended.
final class RecordMapDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let map: RecordItemDecoder
    private let end: Int
    private var cursor: Int

    init(_ map: RecordItemDecoder) {
        self.map = map
        end = map.index.items[map.place].next
        cursor = map.place + 1
    }

    var codingPath: [any CodingKey] { map.codingPath }

    var allKeys: [Key] {
        var keys: [Key] = []
        var place = map.place + 1
        while place < end {
            if let key = Key(stringValue: map.index.text(map.index.items[place])) { keys.append(key) }
            place = map.index.items[place + 1].next
        }
        return keys
    }

    func contains(_ key: Key) -> Bool {
        find(key.stringValue) != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        map.index.items[try place(key)].kind == .null
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try decoder(key).decode(type)
    }

    // For the 128-bit forms see `RecordItemDecoder`.
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try decoder(key).decode(type) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try decoder(key).decode(type) }

    func nestedContainer<NestedKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        try decoder(RecordKey.inherited)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        try decoder(key)
    }

    private func decoder(_ key: some CodingKey) throws -> RecordItemDecoder {
        RecordItemDecoder(index: map.index, place: try place(key), path: .field(of: map.path, key))
    }

    private func place(_ key: some CodingKey) throws -> Int {
        if let place = find(key.stringValue) { return place }
        let sentence = "The record has no field \(key.stringValue)."
        throw DecodingError.keyNotFound(
            key, DecodingError.Context(codingPath: map.codingPath, debugDescription: sentence))
    }

    /// The place of the value of `key`.
    private func find(_ key: String) -> Int? {
        var key = key
        return key.withUTF8 { key in
            find(UnsafeRawBufferPointer(key), cursor..<end) ?? find(UnsafeRawBufferPointer(key), map.place + 1..<cursor)
        }
    }

    private func find(_ key: UnsafeRawBufferPointer, _ places: Range<Int>) -> Int? {
        let index = map.index
        var place = places.lowerBound
        while place < places.upperBound {
            let item = index.items[place]
            if item.argument == key.count, index.content(item).elementsEqual(key) {
                cursor = place
                return place + 1
            }
            place = index.items[place + 1].next
        }
        return nil
    }
}

/// The elements of an array, one after another.
struct RecordArrayDecoder: UnkeyedDecodingContainer {
    private let array: RecordItemDecoder
    private let total: Int
    private var place: Int
    private(set) var currentIndex = 0

    init(_ array: RecordItemDecoder) {
        self.array = array
        total = Int(array.index.items[array.place].argument)
        place = array.place + 1
    }

    var codingPath: [any CodingKey] { array.codingPath }
    var count: Int? { total }
    var isAtEnd: Bool { currentIndex == total }

    mutating func decodeNil() throws -> Bool {
        let isNull = try element(Any.self).decodeNil()
        if isNull { advance() }
        return isNull
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let value = try element(type).decode(type)
        advance()
        return value
    }

    mutating func decode(_ type: Int128.Type) throws -> Int128 {
        let value = try element(type).decode(type)
        advance()
        return value
    }

    mutating func decode(_ type: UInt128.Type) throws -> UInt128 {
        let value = try element(type).decode(type)
        advance()
        return value
    }

    mutating func nestedContainer<NestedKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        let container = try element(Any.self).container(keyedBy: type)
        advance()
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try element(Any.self).unkeyedContainer()
        advance()
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try element(Any.self)
        advance()
        return decoder
    }

    private mutating func advance() {
        place = array.index.items[place].next
        currentIndex += 1
    }

    private func element(_ type: any Any.Type) throws -> RecordItemDecoder {
        let path = RecordPath.element(of: array.path, currentIndex)
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                type,
                DecodingError.Context(codingPath: path.keys, debugDescription: "The array has only \(total) elements."))
        }
        return RecordItemDecoder(index: array.index, place: place, path: path)
    }
}
