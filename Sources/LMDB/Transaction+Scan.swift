import CLMDB

/// One key and its value, copied out of the store.
package struct Entry: Equatable, Sendable {
    package let key: [UInt8]
    package let value: [UInt8]
}

extension Transaction where Self: ~Copyable {
    /// Visits the entries with `from <= key < to` in key order, or in the opposite order, until `body` returns false.
    ///
    /// An empty `from` is the beginning of the table and no `to` its end. The bytes given to `body` are lent for the
    /// one call. Throws what `body` throws, or `LMDBError`.
    package func forEach(
        _ table: Table, from: [UInt8] = [], to: [UInt8]? = nil, reversed: Bool = false,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try from.withUnsafeBytes { from in
            guard let to else { return try forEach(table, from: from, to: nil, reversed: reversed, body) }
            try to.withUnsafeBytes { to in try forEach(table, from: from, to: to, reversed: reversed, body) }
        }
    }

    /// Visits the entries whose key begins with `prefix`, in key order or in the opposite order, until `body` returns
    /// false.
    package func forEach(
        _ table: Table, prefix: [UInt8], reversed: Bool = false,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try forEach(table, from: prefix, to: Self.end(of: prefix), reversed: reversed, body)
    }

    /// A copy of the first entry whose key is not below `key`, nil when there is none.
    package func first(_ table: Table, atOrAfter key: [UInt8] = []) throws -> Entry? {
        var entry: Entry?
        try forEach(table, from: key) { key, value in
            entry = Entry(key: Array(key), value: Array(value))
            return false
        }
        return entry
    }

    /// A copy of the entry with the highest key, nil when the table is empty.
    package func last(_ table: Table) throws -> Entry? {
        var entry: Entry?
        try forEach(table, reversed: true) { key, value in
            entry = Entry(key: Array(key), value: Array(value))
            return false
        }
        return entry
    }

    /// The lowest key above every key that begins with `prefix`, nil when there is none: the last byte that can be
    /// raised is raised, and what follows it is dropped.
    private static func end(of prefix: [UInt8]) -> [UInt8]? {
        guard let last = prefix.lastIndex(where: { $0 < .max }) else { return nil }
        return prefix[..<last] + [prefix[last] + 1]
    }

    /// The same for bounds that are not arrays.
    package func forEach(
        _ table: Table, from: UnsafeRawBufferPointer, to: UnsafeRawBufferPointer?, reversed: Bool = false,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        let cursor = try Cursor(table, handle)
        try cursor.forEach(from: from, to: to, reversed: reversed, body)
    }
}
