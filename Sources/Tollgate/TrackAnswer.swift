public import Basics
public import Model

/// What became of a request's events.
public struct TrackAnswer: Sendable {
    public struct Rejection: Sendable, Equatable {
        public let index: Int
        public let error: String
    }

    /// An event for a period that has ended.
    public struct Late: Sendable, Equatable {
        public enum Effect: String, Sendable {
            /// The period's invoice is still a draft: the event is on it.
            case grace
            /// The invoice is final: the difference comes as a correction line on the next one.
            case correction
        }

        public let index: Int
        public let effect: Effect
    }

    /// One input event that was not rejected.
    public struct Captured: Sendable {
        /// Nil for a duplicate, which is not recorded again.
        public let id: Identifier<RecordedEvent>?
        public let at: Timestamp
    }

    public internal(set) var accepted = 0
    /// Events whose idempotency key was seen before with the same content: counted then, not again.
    public internal(set) var duplicates = 0
    /// Events whose idempotency key was seen before with other content: not counted.
    public internal(set) var conflicts = 0
    public internal(set) var rejected: [Rejection] = []
    public internal(set) var late: [Late] = []
    /// By index of the input; nil where it was rejected.
    public internal(set) var events: [Captured?] = []

    init() {}
}
