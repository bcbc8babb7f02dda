internal import Basics
internal import Model
internal import Store

/// key → company or user, in memory: found by a keyed hash of the bytes, so that events need no strings.
///
/// Filled from the store as keys are asked for, and kept right by commands. 128 bits under a secret key: two keys never
/// meet.
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
    private let shards: [Locked<Shard>]

    private struct Shard {
        var owners: [Hash: UInt64] = [:]
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
        let shard = shard(of: key)
        let (known, generation) = shard.withLock { ($0.owners[key], $0.generation) }
        if let known { return known }
        let storeKey = StoreKey.entityKey(
            type, name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self),
            in: environment)
        guard let bytes = try store.value(storeKey) else { return nil }
        let ordinal = bytes.withUnsafeBytes { $0.bigEndian64(at: 0) }
        shard.withLock { shard in
            guard shard.generation == generation else { return }
            if shard.owners.count >= Self.residentLimit { shard.owners.removeAll() }
            shard.owners[key] = ordinal
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
            shard(of: key).withLock { shard in
                shard.owners[key] = nil
                shard.generation += 1
            }
        }
    }

    func forgetAll() {
        for shard in shards {
            shard.withLock { shard in
                shard.owners.removeAll()
                shard.generation += 1
            }
        }
    }

    private func key(_ type: EntityType, name: Text, value: Text, in environment: EnvironmentID) -> Hash {
        var stream = hash.begin()
        stream.append(environment.ordinal << 1 | (type == .company ? 1 : 0))
        stream.appendPrefixed(UnsafeRawBufferPointer(name))
        stream.append(UnsafeRawBufferPointer(value))
        let (high, low) = stream.finish()
        return Hash(high: high, low: low)
    }

    private func shard(of key: Hash) -> Locked<Shard> {
        shards[Int(key.high >> 58)]
    }
}
