package import Basics
internal import LMDB
package import Model

/// The newest state as of one moment: what waits for its commit, and below that what is committed.
///
/// For a command, which reads thousands of records and alone decides what is newest: one look at the store for all of
/// them. And for whoever needs several records as one command left them. What it holds of the waiting writes is copied
/// if more are added meanwhile.
package final class StoreView {
    /// A part of what one commit will write. Nil values are deletions.
    struct Layer {
        let commit: UInt64
        var writes: WriteSet
    }

    private let layers: [Layer]
    /// What of it is committed.
    package let snapshot: Snapshot
    /// One for each kind that was read, as commands of many steps read records that lie side by side.
    private var cursors: [RecordCursor] = []

    private final class RecordCursor {
        let kind: RecordKind
        let cursor: Cursor

        init(_ kind: RecordKind, _ cursor: consuming Cursor) {
            self.kind = kind
            self.cursor = cursor
        }
    }

    init(_ layers: [Layer], _ snapshot: Snapshot) {
        self.layers = layers
        self.snapshot = snapshot
    }

    func value(_ key: StoreKey) throws -> [UInt8]? {
        if let waiting = layers.value(key) { return waiting }
        return try snapshot.value(key)
    }

    package func record<R: Record>(_ id: Identifier<R>, in environment: EnvironmentID) throws -> R? {
        try record(R.self, StoreKey.record(R.kind, in: environment, ordinal: id.ordinal))
    }

    func record<R: Record>(_ type: R.Type, _ key: StoreKey) throws -> R? {
        if let waiting = layers.value(key) { return try waiting.map { try R.decoded($0) } }
        return try withExtendedLifetime(self) { try committed(R.kind, key).map { try R.decoded($0) } }
    }

    func billing(_ company: StoreKey) throws -> CompanyBilling? {
        if let waiting = layers.value(company) { return try waiting?.withUnsafeBytes(CompanyBilling.decoded) }
        return try withExtendedLifetime(self) {
            try committed(.company, company).map { try CompanyBilling.decoded($0) }
        }
    }

    /// A record where it lies. It stays for as long as the view.
    private func committed(_ kind: RecordKind, _ key: StoreKey) throws -> UnsafeRawBufferPointer? {
        let cursor = try cursor(of: kind)
        return try Store.reading { try key.withBytes { try cursor.cursor.value($0) } }
    }

    private func cursor(of kind: RecordKind) throws -> RecordCursor {
        if let known = cursors.first(where: { $0.kind == kind }) { return known }
        let cursor = RecordCursor(kind, try snapshot.cursor(.records))
        cursors.append(cursor)
        return cursor
    }
}

extension [StoreView.Layer] {
    /// Nil when nothing waits for the key, a nil inside when that is a deletion.
    func value(_ key: StoreKey) -> [UInt8]?? {
        for layer in reversed() {
            if let value = layer.writes[key] { return value }
        }
        return nil
    }
}
