internal import Basics
internal import Model
internal import Store

/// Breaks commits on order. Handed to the engine as its probe.
final class Faults: Sendable {
    private struct State {
        var trouble: Trouble?
        /// Commits that have begun since the order.
        var begun = 0
        var hasBroken = false
    }

    private let state = Locked(State())

    func arm(_ trouble: Trouble?) {
        state.withLock { $0 = State(trouble: trouble) }
    }

    func probe(_ stage: CommitStage) throws {
        let breaks = state.withLock { state in
            guard let trouble = state.trouble else { return false }
            if stage == .begun { state.begun += 1 }
            switch trouble {
            case .failure(let place): return place.stage == stage
            case .crash(let place, let commits):
                if state.begun > commits && place.stage == stage { state.hasBroken = true }
                return state.hasBroken
            }
        }
        if breaks { throw StoreFailure("the simulation broke this commit") }
    }
}

extension Trouble.Place {
    fileprivate var stage: CommitStage {
        switch self {
        case .beforeWriting: .begun
        case .halfWritten: .halfWritten
        case .afterSync: .durable
        }
    }
}
