/// ordinal → object, for as many as there is room for: open addressing, 16 bytes a place.
///
/// An ordinal may stand in any of eight places in a row, so that asking touches one or two lines of memory, and
/// forgetting leaves no gap that matters. When all eight are taken the table grows; where it may not, whoever was not
/// asked for since somebody last came to these places makes room.
struct OrdinalTable<Value: AnyObject> {
    private static var rowLength: Int { 8 }

    private struct Place {
        /// Ordinal ‖ whether it was asked for.
        var tag: UInt64 = 0
        /// Nil in an empty place.
        var value: Value?

        var ordinal: UInt64 { tag >> 1 }
        var isAsked: Bool { tag & 1 != 0 }
    }

    /// A power of two, and behind them as many as the last row needs.
    private var places = [Place](repeating: Place(), count: 2 * rowLength)

    /// Where the ordinal may stand.
    private func row(of ordinal: UInt64) -> Range<Int> {
        let count = UInt64(places.count - Self.rowLength)
        // Ordinals that follow one another are spread evenly by the golden ratio.
        let first = Int((ordinal &* 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: count).high)
        return first..<first + Self.rowLength
    }

    private func place(of ordinal: UInt64) -> Int? {
        row(of: ordinal).first { places[$0].ordinal == ordinal && places[$0].value != nil }
    }

    mutating func value(of ordinal: UInt64) -> Value? {
        guard let place = place(of: ordinal) else { return nil }
        if !places[place].isAsked { places[place].tag |= 1 }
        return places[place].value
    }

    mutating func set(_ value: Value, for ordinal: UInt64, mostPlaces: Int) {
        if let place = place(of: ordinal) {
            places[place].value = value
            return
        }
        while true {
            let row = row(of: ordinal)
            if let free = row.first(where: { places[$0].value == nil }) {
                places[free] = Place(tag: ordinal << 1, value: value)
                return
            }
            guard 2 * (places.count - Self.rowLength) <= mostPlaces else { break }
            grow(mostPlaces)
        }
        let row = row(of: ordinal)
        let oldest = row.first { !places[$0].isAsked } ?? row.lowerBound
        for place in row { places[place].tag &= ~1 }
        places[oldest] = Place(tag: ordinal << 1, value: value)
    }

    mutating func forget(_ ordinal: UInt64) {
        if let place = place(of: ordinal) { places[place] = Place() }
    }

    private mutating func grow(_ mostPlaces: Int) {
        let former = places
        let count = 2 * (places.count - Self.rowLength)
        places = [Place](repeating: Place(), count: count + Self.rowLength)
        for place in former {
            if let value = place.value { set(value, for: place.ordinal, mostPlaces: mostPlaces) }
        }
    }
}
