/// A keyed 128-bit fingerprint of bytes: SipHash-2-4-128.
///
/// Whoever does not know the key cannot choose inputs that collide, so fingerprints of callers' keys may stand for the
/// keys themselves. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", and its 128-bit reference form.
public struct KeyedHash: Sendable {
    private let key: (UInt64, UInt64)

    /// The key's sixteen bytes as two little-endian words, the first eight bytes first.
    public init(key: (UInt64, UInt64)) {
        self.key = key
    }

    /// The fingerprint of one run of bytes; the published output is both words little-endian, the first word first.
    public func hash128(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
        var stream = begin()
        stream.append(bytes)
        return stream.finish()
    }

    /// Starts a fingerprint that is fed in pieces.
    public func begin() -> Stream {
        Stream(key: key)
    }

    /// A fingerprint in the making. It equals that of all appended bytes in one run, however they were cut, and
    /// allocates nothing.
    public struct Stream: Sendable {
        private var lanes: Lanes
        /// The bytes that do not yet fill a word, lowest first; the bits above them are 0.
        private var tail: UInt64 = 0
        private var count = 0

        fileprivate init(key: (UInt64, UInt64)) {
            lanes = Lanes(key: key)
        }

        private var tailBits: Int { (count & 7) * 8 }

        public mutating func append(_ bytes: UnsafeRawBufferPointer) {
            var offset = 0
            while offset + 8 <= bytes.count {
                append(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
                offset += 8
            }
            var rest: UInt64 = 0
            for place in offset..<bytes.count {
                rest |= UInt64(bytes[place]) << ((place - offset) * 8)
            }
            let filled = tailBits
            let restBits = (bytes.count - offset) * 8
            tail |= rest << filled
            if filled + restBits >= 64 {
                lanes.absorb(tail, rounds: 2)
                tail = rest >> (64 - filled)
            }
            count &+= bytes.count - offset
        }

        /// Appends the eight bytes of `word`, little-endian.
        @inline(__always)
        public mutating func append(_ word: UInt64) {
            let filled = tailBits
            lanes.absorb(tail | word << filled, rounds: 2)
            tail = word >> (64 - filled)
            count &+= 8
        }

        /// Appends the length of `bytes` as a word, then `bytes`, so that "ab" + "c" and "a" + "bc" differ.
        public mutating func appendPrefixed(_ bytes: UnsafeRawBufferPointer) {
            append(UInt64(bytes.count))
            append(bytes)
        }

        public consuming func finish() -> (UInt64, UInt64) {
            lanes.absorb(tail | UInt64(truncatingIfNeeded: count) << 56, rounds: 2)
            return lanes.finish(rounds: 4)
        }
    }
}

/// The four state words of SipHash, with so many rounds for each word absorbed and for each word given out.
struct Lanes {
    private var a: UInt64
    private var b: UInt64
    private var c: UInt64
    private var d: UInt64

    /// The constants are the ASCII of "somepseudorandomlygeneratedbytes"; 0xEE selects the 128-bit form.
    init(key: (UInt64, UInt64)) {
        a = key.0 ^ 0x736F_6D65_7073_6575
        b = key.1 ^ 0x646F_7261_6E64_6F6D ^ 0xEE
        c = key.0 ^ 0x6C79_6765_6E65_7261
        d = key.1 ^ 0x7465_6462_7974_6573
    }

    @inline(__always)
    mutating func absorb(_ word: UInt64, rounds: Int) {
        d ^= word
        for _ in 0..<rounds { round() }
        a ^= word
    }

    @inline(__always)
    mutating func finish(rounds: Int) -> (UInt64, UInt64) {
        c ^= 0xEE
        for _ in 0..<rounds { round() }
        let first = a ^ b ^ c ^ d
        b ^= 0xDD
        for _ in 0..<rounds { round() }
        return (first, a ^ b ^ c ^ d)
    }

    @inline(__always)
    private mutating func round() {
        a &+= b
        c &+= d
        b = rotated(b, by: 13) ^ a
        d = rotated(d, by: 16) ^ c
        a = rotated(a, by: 32)
        c &+= b
        a &+= d
        b = rotated(b, by: 17) ^ c
        d = rotated(d, by: 21) ^ a
        c = rotated(c, by: 32)
    }

    @inline(__always)
    private func rotated(_ word: UInt64, by bits: UInt64) -> UInt64 {
        word &<< bits | word &>> (64 - bits)
    }
}
