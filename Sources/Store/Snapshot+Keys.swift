internal import Basics
package import Model

extension StoreKey {
    /// The keys of one type, or of one name of it, begin so.
    fileprivate static func entityKeys(
        _ type: EntityType, _ name: String?, in environment: EnvironmentID
    ) -> [UInt8] {
        let bytes = entityKey(type, name: name ?? "", value: "", in: environment).bytes
        // Without a name the end that it would have is left away.
        return name == nil ? bytes.dropLast() : bytes
    }
}

extension Snapshot {
    /// The names of keys that companies or users have, in order. One look for each name, however many have it.
    package func keyNames(of type: EntityType, in environment: EnvironmentID) throws -> [String] {
        let prefix = StoreKey.entityKeys(type, nil, in: environment)
        var names: [String] = []
        var next = prefix
        while true {
            var found: [UInt8]?
            try forEach(.keys, from: next, to: nil) { key, _ in
                if key.starts(with: prefix) { found = Array(key.dropFirst(prefix.count).prefix { $0 != 0 }) }
                return false
            }
            guard let found else { return names }
            names.append(String(decoding: found, as: UTF8.self))
            // Behind every value of this name.
            next = prefix + found + [1]
        }
    }

    /// How many keys companies or users have, of one name or of all.
    package func keyCount(of type: EntityType, name: String?, in environment: EnvironmentID) throws -> Int {
        var count = 0
        try forEach(.keys, prefix: StoreKey.entityKeys(type, name, in: environment)) { _, _ in
            count += 1
            return true
        }
        return count
    }
}
