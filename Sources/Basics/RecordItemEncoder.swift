/// The face that a record shows to `Encodable` values: each container adds items to its box.
struct RecordItemEncoder: Encoder {
    let slot: RecordSlot
    let path: RecordPath

    var codingPath: [any CodingKey] { path.keys }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(RecordMapEncoder(map: slot.map(), path: path))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        RecordArrayEncoder(array: slot.array(), path: path)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        self
    }
}

extension RecordItemEncoder: SingleValueEncodingContainer {
    func encodeNil() throws {
        slot.fill(.null)
    }

    func encode<T: Encodable>(_ value: T) throws {
        slot.fill(try RecordItem(value, path: path))
    }

    // Each container states its 128-bit forms: there the protocol's default, which throws, outranks the generic method.
    func encode(_ value: Int128) throws { slot.fill(RecordItem(value)) }
    func encode(_ value: UInt128) throws { slot.fill(RecordItem(value)) }
}

private struct RecordMapEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let map: RecordMap
    let path: RecordPath

    var codingPath: [any CodingKey] { path.keys }

    func encodeNil(forKey key: Key) throws {
        add(.null, key)
    }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        add(try RecordItem(value, path: .field(of: path, key)), key)
    }

    func encode(_ value: Int128, forKey key: Key) throws { add(RecordItem(value), key) }
    func encode(_ value: UInt128, forKey key: Key) throws { add(RecordItem(value), key) }

    func nestedContainer<NestedKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        let nested = RecordMap()
        add(.map(nested), key)
        return KeyedEncodingContainer(RecordMapEncoder<NestedKey>(map: nested, path: .field(of: path, key)))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let nested = RecordArray()
        add(.array(nested), key)
        return RecordArrayEncoder(array: nested, path: .field(of: path, key))
    }

    func superEncoder() -> any Encoder {
        slot(RecordKey.inherited)
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        slot(key)
    }

    private func slot(_ key: some CodingKey) -> any Encoder {
        let slot = RecordSlot()
        add(.slot(slot), key)
        return RecordItemEncoder(slot: slot, path: .field(of: path, key))
    }

    private func add(_ item: RecordItem, _ key: some CodingKey) {
        map.fields.append((key.stringValue, item))
    }
}

private struct RecordArrayEncoder: UnkeyedEncodingContainer {
    let array: RecordArray
    let path: RecordPath

    var codingPath: [any CodingKey] { path.keys }
    var count: Int { array.items.count }

    func encodeNil() throws {
        array.items.append(.null)
    }

    func encode<T: Encodable>(_ value: T) throws {
        array.items.append(try RecordItem(value, path: .element(of: path, count)))
    }

    func encode(_ value: Int128) throws { array.items.append(RecordItem(value)) }
    func encode(_ value: UInt128) throws { array.items.append(RecordItem(value)) }

    func nestedContainer<NestedKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        let nested = RecordMap()
        let place = RecordPath.element(of: path, count)
        array.items.append(.map(nested))
        return KeyedEncodingContainer(RecordMapEncoder<NestedKey>(map: nested, path: place))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let nested = RecordArray()
        let place = RecordPath.element(of: path, count)
        array.items.append(.array(nested))
        return RecordArrayEncoder(array: nested, path: place)
    }

    func superEncoder() -> any Encoder {
        let slot = RecordSlot()
        let place = RecordPath.element(of: path, count)
        array.items.append(.slot(slot))
        return RecordItemEncoder(slot: slot, path: place)
    }
}
