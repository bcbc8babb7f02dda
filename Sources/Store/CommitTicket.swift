internal import Basics
package import Model

/// A claim on the fate of something applied: settled once, when its commit is durable or has failed.
package final class CommitTicket: Sendable {
    private enum State {
        case open
        case awaited(@Sendable (StoreFailure?) -> Void)
        case settled(StoreFailure?)
    }

    private let state = Locked(State.open)

    package init() {}

    func settle(_ failure: StoreFailure?) {
        let waiting: (@Sendable (StoreFailure?) -> Void)? = state.withLock { state in
            defer { state = .settled(failure) }
            if case .awaited(let waiting) = state { return waiting }
            return nil
        }
        waiting?(failure)
    }

    /// For what turned out to need no commit.
    package func settleWithoutCommit() {
        settle(nil)
    }

    /// A ticket that is settled when both are, with the first failure. Takes the one wait that each of them has.
    package func and(_ other: CommitTicket) -> CommitTicket {
        let both = CommitTicket()
        onSettled { failure in
            if let failure { both.settle(failure) } else { other.onSettled { both.settle($0) } }
        }
        return both
    }

    /// Calls back once, perhaps at once on this thread, else on the committer's. May be called once.
    package func onSettled(_ body: @escaping @Sendable (StoreFailure?) -> Void) {
        let settled: StoreFailure?? = state.withLock { state in
            switch state {
            case .open:
                state = .awaited(body)
                return .none
            case .settled(let failure):
                return .some(failure)
            case .awaited:
                preconditionFailure("a commit ticket is waited for once")
            }
        }
        if case .some(let failure) = settled { body(failure) }
    }
}
