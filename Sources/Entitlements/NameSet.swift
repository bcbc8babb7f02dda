/// The ids or names that a condition lists. Nearly always there is one, which needs no memory of its own.
enum NameSet<Name: Comparable & Sendable>: Sendable {
    case one(Name)
    /// None, or more than one, in order.
    case several([Name])

    init(_ names: some Collection<Name>) {
        if names.count == 1, let name = names.first {
            self = .one(name)
        } else {
            self = .several(names.sorted())
        }
    }

    func contains(_ name: Name) -> Bool {
        switch self {
        case .one(let only): only == name
        case .several(let names): Self.search(names, for: name)
        }
    }

    func containsAny(of others: [Name]) -> Bool {
        for other in others where contains(other) { return true }
        return false
    }

    private static func search(_ names: [Name], for name: Name) -> Bool {
        var (start, end) = (0, names.count)
        while start < end {
            let middle = (start + end) / 2
            if names[middle] == name { return true }
            if names[middle] < name { start = middle + 1 } else { end = middle }
        }
        return false
    }
}
