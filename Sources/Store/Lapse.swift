package import Basics
package import Model

/// Something that ends at an instant by itself: nothing is done then, and nothing is due. Listed, so that whoever asks
/// what ends soon need not look at everything that may.
package struct Lapse: Hashable, Comparable, Sendable {
    package enum What: UInt8, Sendable {
        case companyOverride = 1
        /// The period or trial that a mirrored subscription is in.
        case mirroredSubscription = 2
    }

    package let at: Timestamp
    package let what: What
    /// Of the record that ends.
    package let ordinal: UInt64

    package init(at: Timestamp, what: What, ordinal: UInt64) {
        self.at = at
        self.what = what
        self.ordinal = ordinal
    }

    package static func < (left: Lapse, right: Lapse) -> Bool {
        (left.at, left.what.rawValue, left.ordinal) < (right.at, right.what.rawValue, right.ordinal)
    }
}

extension Transaction {
    /// Writes down that something now ends at another instant than before; nil is never.
    package func moveLapse(_ what: Lapse.What, of ordinal: UInt64, from old: Timestamp?, to new: Timestamp?) {
        guard old != new else { return }
        if let old { set(.lapse(Lapse(at: old, what: what, ordinal: ordinal), in: environmentID), nil) }
        if let new { set(.lapse(Lapse(at: new, what: what, ordinal: ordinal), in: environmentID), []) }
    }
}

extension Snapshot {
    /// What ends in `environment` in `[from, to]`, in order.
    package func lapses(
        in environment: EnvironmentID, from: Timestamp, to: Timestamp, _ body: (Lapse) throws -> Bool
    ) throws {
        let first = StoreKey.lapse(Lapse(at: from, what: .companyOverride, ordinal: 0), in: environment).bytes
        try forEach(.lapses, from: first, to: nil) { key, _ in
            let at = key.timestamp(at: 4)
            guard key.bigEndian32(at: 0) == UInt32(environment.ordinal), at <= to,
                let what = Lapse.What(rawValue: key[12])
            else { return false }
            return try body(Lapse(at: at, what: what, ordinal: key.bigEndian64(at: 13)))
        }
    }
}
