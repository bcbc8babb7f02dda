/// 128 bits that stand for a key.
struct KeyHash {
    let high: UInt64
    let low: UInt64
}

/// key → the ordinal of its holder, or 0 for a key that nobody holds: open addressing, 16 bytes a place.
///
/// 88 bits of the hash are kept: among n keys a foreign one is taken for one of them with probability n · 2⁻⁸⁸. What
/// was asked for since the last clearing out stays when room must be made.
struct KeyTable {
    private static let ordinalMask: UInt64 = 1 << 39 - 1
    private static let askedBit: UInt64 = 1 << 39
    private static let checkMask: UInt64 = ~(1 << 40 - 1)
    /// In place of an ordinal: what is known no longer holds.
    private static let forgotten = ordinalMask

    private struct Place {
        var high: UInt64 = 0
        /// 24 bits of the hash ‖ asked for ‖ 39 bits of ordinal + 1.
        var rest: UInt64 = 0

        var isEmpty: Bool { rest & KeyTable.ordinalMask == 0 }
        var isKnown: Bool { !isEmpty && rest & KeyTable.ordinalMask != KeyTable.forgotten }
    }

    private let mostPlaces: Int
    private var places = [Place](repeating: Place(), count: 16)
    private var taken = 0

    /// `mostPlaces` is a power of two; as many times 16 bytes are never exceeded.
    init(mostPlaces: Int = 1 << 17) {
        self.mostPlaces = mostPlaces
    }

    /// Keys that are in a table of `places` before it makes room.
    private static func limit(of places: Int) -> Int { places / 4 * 3 }

    /// Nil when nothing is known of the key.
    mutating func owner(of hash: KeyHash) -> UInt64? {
        let index = index(of: hash)
        let place = places[index]
        guard place.isKnown else { return nil }
        if place.rest & Self.askedBit == 0 { places[index].rest |= Self.askedBit }
        return (place.rest & Self.ordinalMask) - 1
    }

    /// Ordinals too large for a place are not kept.
    mutating func set(_ ordinal: UInt64, for hash: KeyHash) {
        guard ordinal < Self.forgotten - 1 else { return }
        if taken == Self.limit(of: places.count) { makeRoom() }
        let index = index(of: hash)
        if places[index].isEmpty { taken += 1 }
        places[index] = Place(high: hash.high, rest: hash.low & Self.checkMask | (ordinal + 1))
    }

    mutating func forget(_ hash: KeyHash) {
        let index = index(of: hash)
        if !places[index].isEmpty { places[index].rest |= Self.forgotten }
    }

    /// Where the key stands, or the empty place where it would.
    private func index(of hash: KeyHash) -> Int {
        let mask = places.count - 1
        let check = hash.low & Self.checkMask
        var index = Int(truncatingIfNeeded: hash.high) & mask
        while !places[index].isEmpty, places[index].high != hash.high || places[index].rest & Self.checkMask != check {
            index = (index + 1) & mask
        }
        return index
    }

    /// Grows; a table that may not grow keeps half of its keys, those first that were asked for.
    private mutating func makeRoom() {
        var known = places.filter(\.isKnown)
        var count = places.count
        let half = Self.limit(of: count) / 2
        if known.count > half {
            if count < mostPlaces {
                count *= 2
            } else {
                let asked = known.filter { $0.rest & Self.askedBit != 0 }
                let others = known.lazy.filter { $0.rest & Self.askedBit == 0 }
                known = Array((asked + others.prefix(max(0, half - asked.count))).prefix(half))
            }
        }
        places = [Place](repeating: Place(), count: count)
        taken = known.count
        for var place in known {
            place.rest &= ~Self.askedBit
            places[index(of: KeyHash(high: place.high, low: place.rest))] = place
        }
    }
}
