/// Who holds which keys: companies or users, numbered from 0 in the order in which they were made.
package struct Directory: Equatable, Sendable {
    package private(set) var keys: [[String: String]] = []

    package enum Found: Equatable {
        case nobody
        case one(Int)
        /// The keys name two.
        case two
    }

    package func find(_ wanted: [String: String]) -> Found {
        var found: Set<Int> = []
        for (name, value) in wanted {
            for (number, held) in keys.enumerated() where held[name] == value { found.insert(number) }
        }
        return found.count > 1 ? .two : found.first.map(Found.one) ?? .nobody
    }

    /// Whoever the keys name, made when that is nobody; nil when they name two.
    mutating func register(_ wanted: [String: String]) -> Int? {
        switch find(wanted) {
        case .one(let number): return number
        case .two: return nil
        case .nobody:
            keys.append(wanted)
            return keys.count - 1
        }
    }

    /// The same, and the keys become theirs.
    mutating func upsert(_ wanted: [String: String]) -> Int? {
        guard let number = register(wanted) else { return nil }
        keys[number].merge(wanted) { _, new in new }
        return number
    }
}
