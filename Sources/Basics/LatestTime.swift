internal import Synchronization

/// The latest time at which something happened, to the second: told by many threads, all the time.
///
/// Telling what is known costs a look at memory that nobody writes.
public final class LatestTime: Sendable {
    /// The smallest number before anything has happened.
    private let milliseconds = Atomic<Int64>(.min)

    public init() {}

    /// Nil before anything has happened.
    public var time: Timestamp? {
        let milliseconds = milliseconds.load(ordering: .relaxed)
        return milliseconds == .min ? nil : Timestamp(milliseconds: milliseconds)
    }

    public func happened(at time: Timestamp) {
        let second = time.milliseconds - (time.milliseconds % 1000 + 1000) % 1000
        guard milliseconds.load(ordering: .relaxed) < second else { return }
        _ = milliseconds.max(second, ordering: .relaxed)
    }
}
