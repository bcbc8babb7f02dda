/// Writes by key: nil values are deletions. The later of two under one key counts.
///
/// A hash table of its own, because commands make hundreds of thousands: entries stand in the order of their first
/// write, each with its hash, so that a set grows, joins another and is sorted without any key being hashed again.
package struct WriteSet: Sendable {
    private struct Entry {
        let key: StoreKey
        let hash: UInt32
        var value: [UInt8]?
    }

    private var entries: [Entry] = []
    /// Places of entries, open addressing with linear probing, at most half full; -1 where there is none.
    private var slots: [Int32] = []
    /// Of the records among them, a bit for each kind.
    private var kinds: UInt64 = 0

    package init() {}

    package init(_ writes: [StoreKey: [UInt8]?]) {
        for (key, value) in writes { set(key, value) }
    }

    package var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    package var keys: some Sequence<StoreKey> { entries.lazy.map(\.key) }

    /// Nil when nothing was written under the key, a nil inside when it was deleted.
    package subscript(_ key: StoreKey) -> [UInt8]?? {
        if entries.isEmpty || kinds & key.kindBit != key.kindBit { return nil }
        let place = slots[slot(of: key, key.brief)]
        return place < 0 ? nil : .some(entries[Int(place)].value)
    }

    /// Answers whether there was a write under the key before.
    @discardableResult
    package mutating func set(_ key: StoreKey, _ value: [UInt8]?) -> Bool {
        set(Entry(key: key, hash: key.brief, value: value))
    }

    package mutating func reserveCapacity(_ count: Int) {
        entries.reserveCapacity(count)
        var slotCount = max(16, slots.count)
        while slotCount < count * 2 { slotCount *= 2 }
        if slotCount > slots.count { rebuild(slotCount: slotCount) }
    }

    package mutating func merge(_ later: WriteSet) {
        if entries.isEmpty {
            self = later
        } else {
            for index in later.entries.indices { set(later.entries[index]) }
        }
    }

    /// Visits all writes in the order of their keys.
    package func forEachSorted(_ body: (StoreKey, [UInt8]?) throws -> Void) rethrows {
        try entries.withUnsafeBufferPointer { entries in
            // Places alone are moved about faster than entries, and beginnings of keys tell nearly all apart.
            let sorted = entries.indices.map { (start: entries[$0].key.start, place: $0) }.sorted { left, right in
                left.start == right.start
                    ? entries[left.place].key < entries[right.place].key : left.start < right.start
            }
            for (_, place) in sorted { try body(entries[place].key, entries[place].value) }
        }
    }

    @discardableResult
    private mutating func set(_ entry: Entry) -> Bool {
        if slots.count < (entries.count + 1) * 2 { rebuild(slotCount: max(16, slots.count * 2)) }
        let slot = slot(of: entry.key, entry.hash)
        let place = slots[slot]
        if place >= 0 {
            entries[Int(place)].value = entry.value
            return true
        }
        slots[slot] = Int32(entries.count)
        kinds |= entry.key.kindBit
        entries.append(entry)
        return false
    }

    /// Where the key's place stands, or would.
    private func slot(of key: StoreKey, _ hash: UInt32) -> Int {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if entries[place].hash == hash, entries[place].key == key { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func rebuild(slotCount: Int) {
        slots = Array(repeating: -1, count: slotCount)
        for (place, entry) in entries.enumerated() {
            var slot = Int(entry.hash) & (slotCount - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slotCount - 1) }
            slots[slot] = Int32(place)
        }
    }
}
