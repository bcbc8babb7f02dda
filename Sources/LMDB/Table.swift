/// One named table of an environment: ordered keys, one value each.
///
/// A token without any data in it, cheap to copy and to keep; it opens nothing without a transaction of the same
/// environment, and one of another environment stops the process. Keys have 1 to 511 bytes and sort as unsigned bytes,
/// a prefix before what it begins; values have 0 to 4,294,967,295 bytes, and those above about 2 KB cost whole pages.
package struct Table: Hashable, Sendable {
    /// The most bytes a key may have: LMDB's compiled-in limit.
    package static let longestKey = 511

    let index: UInt32
    let environment: ObjectIdentifier
}
