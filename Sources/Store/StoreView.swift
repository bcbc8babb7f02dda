package import Basics
package import Model

/// The newest state as of one moment: what waits for its commit, and below that what is committed.
///
/// For a command, which reads thousands of records and alone decides what is newest: one look at the store for all of
/// them. And for whoever needs several records as one command left them. What it holds of the waiting writes is copied
/// if more are added meanwhile.
package final class StoreView {
    /// What one commit will write. Nil values are deletions.
    struct Layer {
        let commit: UInt64
        var writes: WriteSet
    }

    private let layers: [Layer]
    private let snapshot: Snapshot

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
        return try snapshot.record(key)
    }

    func billing(_ company: StoreKey) throws -> CompanyBilling? {
        if let waiting = layers.value(company) { return try waiting?.withUnsafeBytes(CompanyBilling.decoded) }
        guard let bytes = try snapshot.bytes(company) else { return nil }
        return try withExtendedLifetime(snapshot) { try CompanyBilling.decoded(bytes) }
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
