internal import Basics
internal import Model
internal import Store

/// key → company or user, in memory: found by a keyed hash of the bytes, so that events need no strings.
///
/// Filled from the store as keys are asked for, and kept right by commands. 128 bits under a secret key: two keys never meet.
final class KeyIndex: Sendable {
    private static let shardCount = 64
    /// Keys kept in one shard; beyond that it starts anew.
    private static let residentLimit = 100_000

    private struct Hash: Hashable {
        let high: UInt64
        let low: UInt64
    }

    private let store: Store
    private let hash: KeyedHash
    private let shards: [Locked<[Hash: UInt64]>]

    init(_ store: Store) {
        self.store = store
        var random = SystemRandomNumberGenerator()
        hash = KeyedHash(key: (random.next(), random.next()))
        shards = (0..<Self.shardCount).map { _ in Locked([:]) }
    }

    typealias Text = UnsafeBufferPointer<UInt8>

    /// The ordinal of whoever holds the key, nil when nobody does.
    func owner(_ type: EntityType, name: Text, value: Text, in environment: EnvironmentID) throws -> UInt64? {
        let key = key(type, name: name, value: value, in: environment)
        let shard = shard(of: key)
        if let known = shard.withLock({ $0[key] }) { return known }
        let storeKey = StoreKey.entityKey(
            type, name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self),
            in: environment)
        guard let bytes = try store.value(storeKey) else { return nil }
        let ordinal = bytes.withUnsafeBytes { $0.bigEndian64(at: 0) }
        shard.withLock { shard in
            if shard.count >= Self.residentLimit { shard.removeAll() }
            shard[key] = ordinal
        }
        return ordinal
    }

    /// Follows a command that gave keys to somebody or took them away. Called alone (gate held).
    func forget(_ storeKey: StoreKey) {
        storeKey.bytes.withUnsafeBufferPointer { bytes in
            // environment (4) ‖ type (1) ‖ name ‖ 0 ‖ value
            let names = Text(rebasing: bytes[5...])
            guard let end = names.firstIndex(of: 0) else { return }
            let environment = EnvironmentID(ordinal: UInt64(UnsafeRawBufferPointer(bytes).bigEndian32(at: 0)))
            let key = key(
                bytes[4] == 1 ? .company : .user, name: Text(rebasing: names[..<end]),
                value: Text(rebasing: names[(end + 1)...]), in: environment)
            _ = shard(of: key).withLock { $0.removeValue(forKey: key) }
        }
    }

    func forgetAll() {
        for shard in shards { shard.withLock { $0.removeAll() } }
    }

    private func key(_ type: EntityType, name: Text, value: Text, in environment: EnvironmentID) -> Hash {
        var stream = hash.begin()
        stream.append(environment.ordinal << 1 | (type == .company ? 1 : 0))
        stream.appendPrefixed(UnsafeRawBufferPointer(name))
        stream.append(UnsafeRawBufferPointer(value))
        let (high, low) = stream.finish()
        return Hash(high: high, low: low)
    }

    private func shard(of key: Hash) -> Locked<[Hash: UInt64]> {
        shards[Int(key.high >> 58)]
    }
}
