/// Where in a record a value stands. A chain instead of an array: one step down costs one small allocation and no copy.
indirect enum RecordPath {
    case root
    case field(of: RecordPath, any CodingKey)
    case element(of: RecordPath, Int)

    var keys: [any CodingKey] {
        var keys: [any CodingKey] = []
        var path = self
        while true {
            switch path {
            case .root:
                return keys.reversed()
            case .field(let parent, let key):
                keys.append(key)
                path = parent
            case .element(let parent, let index):
                keys.append(RecordKey(index: index))
                path = parent
            }
        }
    }
}

/// A key that no type declares: a place in an array, or `super`.
struct RecordKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    static let inherited = RecordKey(stringValue: "super")

    init(stringValue: String) {
        self.stringValue = stringValue
        self.intValue = nil
    }

    init(intValue: Int) {
        self.init(index: intValue)
    }

    init(index: Int) {
        self.stringValue = "\(index)"
        self.intValue = index
    }
}
