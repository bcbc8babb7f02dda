package import Basics

/// What commits have cost since the store was opened.
package struct CommitStatistics: Sendable {
    package private(set) var entries: UInt64 = 0
    /// Rows of the usage table that folds have written.
    package private(set) var foldedRows: UInt64 = 0
    /// From the collecting of a commit to its being durable; their count is that of the commits.
    package private(set) var micros = Histogram(bounds: [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    ])
    /// Bytes of journal in one commit.
    package private(set) var bytes = Histogram(bounds: [
        1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20,
    ])
    package internal(set) var failures: UInt64 = 0

    mutating func add(_ commit: Commit, rows: Int, took: Duration) {
        entries += UInt64(commit.entries.count)
        foldedRows += UInt64(rows)
        micros.add(took.microseconds)
        bytes.add(Int64(commit.bytes))
    }
}
