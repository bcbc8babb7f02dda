internal import CPrefetch

/// The counters of one shard: side by side in one array, found by open addressing.
///
/// 136 bytes a counter, and 12 to 24 for its place.
struct CounterTable {
    private(set) var counters: ContiguousArray<Counter> = []
    /// 32 bits of the key's hash ‖ 32 of its position in `counters` + 1; 0 where there is none. A power of two, at most
    /// two thirds full. The hash's bits tell nearly every other key apart without a look at its counter.
    private var places = [UInt64](repeating: 0, count: 16)

    init() {}

    /// Where the counter stands, having made it when there was none.
    mutating func position(of key: CounterKey) -> Int {
        let place = place(of: key)
        if places[place] != 0 { return Self.position(at: places[place]) }
        counters.append(Counter(key))
        places[place] = Self.hash(key) << 32 | UInt64(counters.count)
        if counters.count * 3 > places.count * 2 { spread(over: places.count * 2) }
        return counters.count - 1
    }

    func find(_ key: CounterKey) -> Int? {
        let found = places[place(of: key)]
        return found == 0 ? nil : Self.position(at: found)
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
        while counters.count * 3 > size * 2 { size *= 2 }
        places = [UInt64](repeating: 0, count: size)
        for position in counters.indices {
            let key = counters[position].key
            places[place(of: key)] = Self.hash(key) << 32 | UInt64(position + 1)
        }
    }

    // MARK: - Nearness

    /// Asks for the cache line where the search for a key begins.
    func prefetchPlace(of key: CounterKey) {
        places.withUnsafeBufferPointer {
            let place = $0.baseAddress! + (Int(Self.hash(key)) & ($0.count - 1))
            prefetch_line(UInt(bitPattern: place))
        }
    }

    /// Asks for the counter that the search will most likely find.
    func prefetchCounter(of key: CounterKey) {
        let found = places[Int(Self.hash(key)) & (places.count - 1)]
        guard found != 0 else { return }
        counters.withUnsafeBufferPointer {
            let counter = UInt(bitPattern: $0.baseAddress! + Self.position(at: found))
            prefetch_line(counter)
            prefetch_line(counter + 64)
        }
    }

    // MARK: - Places

    private static func position(at place: UInt64) -> Int { Int(place & 0xFFFF_FFFF) - 1 }

    private func place(of key: CounterKey) -> Int {
        let mask = places.count - 1
        let hash = Self.hash(key)
        var place = Int(hash) & mask
        while places[place] != 0, places[place] >> 32 != hash || counters[Self.position(at: places[place])].key != key {
            place = (place + 1) & mask
        }
        return place
    }

    /// 32 bits. Ordinals are ours, so nobody can aim them at one place. The upper half of the product depends on all
    /// bits.
    private static func hash(_ key: CounterKey) -> UInt64 {
        let mixed = (key.company &* 0x9E37_79B9_7F4A_7C15) ^ (key.meter &* 0xC2B2_AE3D_27D4_EB4F)
        return ((mixed ^ (mixed >> 32)) &* 0x9E37_79B9_7F4A_7C15) >> 32
    }

    private mutating func spread(over size: Int) {
        var spread = [UInt64](repeating: 0, count: size)
        let mask = size - 1
        for found in places where found != 0 {
            var place = Int(found >> 32) & mask
            while spread[place] != 0 { place = (place + 1) & mask }
            spread[place] = found
        }
        places = spread
    }
}
