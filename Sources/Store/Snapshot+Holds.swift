package import Basics
package import Model

/// A hold's ordinal begins with the time of its reservation, so that the holds of an environment lie in the order in
/// which they were made: 48 bits of milliseconds, and 16 that tell those of one millisecond apart.
///
/// No two are equal, and none is less than an earlier one, whatever the clock does: where it stands still or has been
/// put back, ordinals count on from the last.
package struct HoldOrdinals: Sendable {
    private var last: UInt64

    /// - Parameter last: the newest hold's, 0 when there is none.
    package init(after last: UInt64) {
        self.last = last
    }

    package mutating func next(at now: Timestamp, random: UInt16) -> UInt64 {
        last = max(Self.first(at: now) | UInt64(random), last + 1)
        return last
    }

    /// The least that is given out at an instant or later.
    package static func first(at instant: Timestamp) -> UInt64 {
        UInt64(max(0, instant.milliseconds)) << 16
    }
}

extension StoreKey {
    package static func hold(_ ordinal: UInt64, in environment: EnvironmentID) -> StoreKey {
        var key = KeyBytes(capacity: 12)
        key.append(environment)
        key.append(ordinal)
        return StoreKey(.holds, key.bytes)
    }
}

extension Snapshot {
    package func hold(_ id: Identifier<Hold>, in environment: EnvironmentID) throws -> Hold? {
        try value(.hold(id.ordinal, in: environment)).map { try $0.withUnsafeBytes { try Hold(packed: $0) } }
    }

    /// Visits the holds of an environment that were made at an instant or later, the older first.
    package func forEachHold(
        in environment: EnvironmentID, from start: Timestamp, _ body: (Hold) throws -> Void
    ) throws {
        let first = StoreKey.hold(HoldOrdinals.first(at: start), in: environment).bytes
        let last = StoreKey.hold(.max, in: environment).bytes
        try forEach(.holds, from: first, to: last) { _, value in
            try body(Hold(packed: value))
            return true
        }
    }

    /// The ordinal of the newest hold of an environment, 0 when there is none.
    package func lastHold(in environment: EnvironmentID) throws -> UInt64 {
        var prefix = KeyBytes()
        prefix.append(environment)
        var last: UInt64 = 0
        try forEach(.holds, prefix: prefix.bytes, reversed: true) { key, _ in
            last = key.bigEndian64(at: 4)
            return false
        }
        return last
    }
}
