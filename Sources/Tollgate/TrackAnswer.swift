public import Basics
internal import Metering
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

    private let at: Timestamp
    /// The journal entry of those that were recorded.
    var sequence: UInt64 = 0
    /// Where each event of the input stands in that entry; −1 for a duplicate, −2 where it was rejected.
    private var places: [Int32]

    init(count: Int, at: Timestamp) {
        self.at = at
        places = [Int32](repeating: -1, count: count)
    }

    mutating func recorded(_ index: Int, at place: Int) {
        places[index] = Int32(place)
    }

    mutating func reject(_ index: Int, _ sentence: String) {
        rejected.append(Rejection(index: index, error: sentence))
        places[index] = -2
    }

    mutating func isLate(_ index: Int, _ effect: Late.Effect) {
        late.append(Late(index: index, effect: effect))
    }

    /// By index of the input; nil where it was rejected.
    public var events: [Captured?] {
        places.map { place in
            switch place {
            case -2: nil
            case -1: Captured(id: nil, at: at)
            default: Captured(id: EventBlock.eventID(sequence: sequence, index: Int(place)), at: at)
            }
        }
    }
}
