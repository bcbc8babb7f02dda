internal import Basics
internal import Metering
internal import Model
internal import Store

/// key → company or user, in memory: found by a keyed hash of the bytes, so that events need no strings.
///
/// Filled from the store as keys are asked for, keys that nobody holds too, and kept right by commands. At most 98,304
/// keys a shard in 2 MiB, so 128 MiB for 6.3 million; 1 million keys take 32 MiB.
final class KeyIndex: Sendable {
    private static let shardCount = 64

    private let store: Store
    private let hash: KeyedHash
    private let shards: [Locked<Shard>]

    private struct Shard {
        var owners = KeyTable()
        /// Counts what was forgotten, so that an owner read before is not kept after.
        var generation: UInt64 = 0
    }

    init(_ store: Store) {
        self.store = store
        var random = SystemRandomNumberGenerator()
        hash = KeyedHash(key: (random.next(), random.next()))
        shards = (0..<Self.shardCount).map { _ in Locked(Shard()) }
    }

    typealias Text = UnsafeBufferPointer<UInt8>

    /// The ordinal of whoever holds the key, nil when nobody does.
    func owner(_ type: EntityType, name: Text, value: Text, in environment: EnvironmentID) throws -> UInt64? {
        // Longer ones are refused when they are given, so nobody holds one; the store could not even be asked.
        guard name.count + value.count < 500 else { return nil }
        let key = key(type, name: name, value: value, in: environment)
        let shard = shards[Self.shard(of: key)]
        let (known, generation) = shard.withLock { ($0.owners.owner(of: key), $0.generation) }
        if let known { return known == 0 ? nil : known }
        let storeKey = StoreKey.entityKey(
            type, name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self),
            in: environment)
        let ordinal = try store.value(storeKey)?.withUnsafeBytes { $0.bigEndian64(at: 0) }
        shard.withLock { shard in
            if shard.generation == generation { shard.owners.set(ordinal ?? 0, for: key) }
        }
        return ordinal
    }

    /// The holders of a batch's keys, as far as memory has them, each shard under one lock: nil where the store must be
    /// asked, 0 where nobody holds the key.
    func known(_ keys: [KeyHash]) -> [UInt64?] {
        var owners = [UInt64?](repeating: nil, count: keys.count)
        ShardOrder.forEach(count: keys.count, shards: Self.shardCount, shard: { Self.shard(of: keys[$0]) }) {
            shard, indices in
            shards[shard].withLock { shard in
                for index in indices { owners[Int(index)] = shard.owners.owner(of: keys[Int(index)]) }
            }
        }
        return owners
    }

    func owner(_ type: EntityType, name: String, value: String, in environment: EnvironmentID) throws -> UInt64? {
        var (name, value) = (name, value)
        return try name.withUTF8 { name in
            try value.withUTF8 { try owner(type, name: name, value: $0, in: environment) }
        }
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
            shards[Self.shard(of: key)].withLock { shard in
                shard.owners.forget(key)
                shard.generation += 1
            }
        }
    }

    func forgetAll() {
        for shard in shards {
            shard.withLock { shard in
                shard.owners = KeyTable()
                shard.generation += 1
            }
        }
    }

    /// What stands for a key.
    func key(_ type: EntityType, name: Text, value: Text, in environment: EnvironmentID) -> KeyHash {
        var stream = hash.begin()
        stream.append(environment.ordinal << 1 | (type == .company ? 1 : 0))
        stream.appendPrefixed(UnsafeRawBufferPointer(name))
        stream.append(UnsafeRawBufferPointer(value))
        let (high, low) = stream.finish()
        return KeyHash(high: high, low: low)
    }

    private static func shard(of key: KeyHash) -> Int { Int(key.high >> 58) }
}
