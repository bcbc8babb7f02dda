package import Basics
package import Model

extension Snapshot {
    /// A journal sequence that no block of events of an environment comes before which was received at an instant or
    /// later; nil when there is none. To the hour.
    package func firstEvents(in environment: EnvironmentID, receivedFrom instant: Timestamp) throws -> UInt64? {
        let hour = Int64(3_600_000)
        let start = StoreKey.mark(hour: (instant - .hours(1)).milliseconds / hour * hour, in: environment).bytes
        var first: UInt64?
        // Every one is looked at: hours that a clock lived through twice need not be in order.
        try forEach(.marks, from: start, to: StoreKey.mark(hour: .max, in: environment).bytes) { _, value in
            first = min(first ?? .max, value.bigEndian64(at: 0))
            return true
        }
        return first
    }
}
