import Basics

/// A system clock that a test moves.
final class HandClock: Sendable {
    private struct State {
        var now: Timestamp
        /// How many more times it is read before it jumps, and to where.
        var jump: (reads: Int, to: Timestamp)?
    }

    private let state: Locked<State>

    init(_ now: Timestamp) {
        state = Locked(State(now: now))
    }

    func set(_ now: Timestamp) {
        state.withLock { $0 = State(now: now) }
    }

    /// Shows `instant` once it has been read this often.
    func jump(to instant: Timestamp, afterReads reads: Int) {
        state.withLock { $0.jump = (reads, instant) }
    }

    func read() -> Timestamp {
        state.withLock { state in
            if let jump = state.jump {
                if jump.reads == 0 {
                    state.now = jump.to
                    state.jump = nil
                } else {
                    state.jump!.reads -= 1
                }
            }
            return state.now
        }
    }
}
