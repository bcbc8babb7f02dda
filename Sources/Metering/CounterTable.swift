/// The counters of one shard: side by side in one array, found by open addressing.
///
/// 112 bytes a counter, and 4 to 16 for its place.
struct CounterTable {
    private(set) var counters: ContiguousArray<Counter> = []
    /// Positions in `counters`, −1 where there is none. A power of two, at most half full.
    private var places = [Int32](repeating: -1, count: 16)

    init() {}

    /// Where the counter stands, having made it when there was none.
    mutating func position(of key: CounterKey) -> Int {
        let place = place(of: key)
        if places[place] >= 0 { return Int(places[place]) }
        counters.append(Counter(key))
        places[place] = Int32(counters.count - 1)
        if counters.count * 2 > places.count { spread(over: places.count * 2) }
        return counters.count - 1
    }

    func find(_ key: CounterKey) -> Int? {
        let found = places[place(of: key)]
        return found < 0 ? nil : Int(found)
    }

    /// The counter at a position, to be changed in place.
    subscript(position: Int) -> Counter {
        get { counters[position] }
        _modify { yield &counters[position] }
    }

    /// Drops the counters that the condition does not hold for. Positions change.
    mutating func keep(where isKept: (Counter) -> Bool) {
        counters.removeAll { !isKept($0) }
        counters = ContiguousArray(counters)
        var size = 16
        while size < counters.count * 2 { size *= 2 }
        spread(over: size)
    }

    private func place(of key: CounterKey) -> Int {
        let mask = places.count - 1
        var place = Self.hash(key) & mask
        while places[place] >= 0, counters[Int(places[place])].key != key { place = (place + 1) & mask }
        return place
    }

    /// Ordinals are ours, so nobody can aim them at one place. The upper half of the product depends on all bits.
    private static func hash(_ key: CounterKey) -> Int {
        let mixed = (key.company &* 0x9E37_79B9_7F4A_7C15) ^ (key.meter &* 0xC2B2_AE3D_27D4_EB4F)
        return Int(truncatingIfNeeded: ((mixed ^ (mixed >> 32)) &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    private mutating func spread(over size: Int) {
        places = [Int32](repeating: -1, count: size)
        for position in counters.indices { places[place(of: counters[position].key)] = Int32(position) }
    }
}
