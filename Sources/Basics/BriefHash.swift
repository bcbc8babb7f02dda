/// A keyed 128-bit fingerprint of short byte strings, for tables in memory: SipHash-1-3-128.
///
/// Half the rounds of `KeyedHash`, and everything in one call. That is enough where the key is made at every start and
/// no fingerprint is ever shown or kept, since then nobody outside sees an output to work from. What is kept is hashed
/// with `KeyedHash`.
public struct BriefHash: Sendable {
    private let start: Lanes

    public init(key: (UInt64, UInt64)) {
        start = Lanes(key: key)
    }

    /// The fingerprint of the eight bytes of `scope`, little-endian, and then `bytes`.
    public func hash128(_ bytes: UnsafeRawBufferPointer, scope: UInt64) -> (UInt64, UInt64) {
        var lanes = start
        lanes.absorb(scope, rounds: 1)
        let count = bytes.count
        var offset = 0
        while offset + 8 <= count {
            lanes.absorb(Self.word(bytes, offset), rounds: 1)
            offset += 8
        }
        // The last word is the rest, its first byte lowest, below the length of the whole in the top byte.
        var last = UInt64(truncatingIfNeeded: count &+ 8) << 56
        let restBits = UInt64(count - offset) * 8
        if count >= 8 {
            // The rest as the end of the last eight bytes: one load instead of a loop. Shifting by 64 gives 0.
            last |= Self.word(bytes, count - 8) >> (64 - restBits)
        } else {
            for place in 0..<count { last |= UInt64(bytes[place]) << (place * 8) }
        }
        lanes.absorb(last, rounds: 1)
        return lanes.finish(rounds: 3)
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
