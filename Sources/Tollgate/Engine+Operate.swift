internal import Basics
internal import Metering
internal import Model
internal import Store

/// Numbers for operators: what `/metrics` shows of the engine.
public struct EngineStatistics: Sendable {
    public let commits: UInt64
    public let commitFailures: UInt64
    public let commitSeconds: Double
    public let journalEntries: UInt64
    public let journalBytes: UInt64
    /// Bytes of the store's file in use, and what its map may grow to.
    public let storeBytes: Int
    public let mapBytes: Int
    /// Idempotency keys in the dedupe windows, of all environments.
    public let dedupeKeys: Int
}

extension Engine {
    public func statistics() throws -> EngineStatistics {
        let commits = committer.statistics
        let file = try store.fileStatistics()
        return EngineStatistics(
            commits: commits.commits, commitFailures: commits.failures, commitSeconds: commits.seconds,
            journalEntries: commits.entries, journalBytes: commits.bytes,
            storeBytes: file.bytes, mapBytes: file.mapBytes,
            dedupeKeys: environments.reduce(0) { $0 + (runtime($1.id)?.dedupe.count ?? 0) })
    }

    /// Copies the store as it is now into an empty directory, while everything goes on.
    public func backup(to directory: String) throws {
        committer.drain()
        try store.copy(to: directory)
    }

    /// Copies the store of `directory` while another process goes on using it. Not for a directory that this process
    /// has open: LMDB would lose its locks.
    public static func backup(of directory: String, to target: String) throws {
        try Store.copy(directory, to: target)
    }
}
