internal import Basics
internal import Model

/// Memory for the bodies of requests that are being read or carried out, of all connections together: past it, new ones
/// are told to come later.
///
/// What has arrived counts, not what was announced, so that a slow client holds no more than it has sent. Memory is the
/// process's, and so are its two budgets.
final class BodyBudget: Sendable {
    /// For events of those who have shown a key, which may be large: 32 of the largest.
    static let ofEvents = BodyBudget(bytes: 512 << 20)
    /// For all others, so that checks go on however many events come.
    static let ofCalls = BodyBudget(bytes: 256 << 20)

    private let limit: Int
    private let taken = Locked(0)

    init(bytes: Int) {
        limit = bytes
    }

    /// What one body has taken of the budget. It is given back with the life of the share.
    struct Share: ~Copyable {
        private let budget: BodyBudget
        private var bytes = 0

        /// Before anything of the body is read. Throws `overloaded` when nothing is left.
        init(of budget: BodyBudget) throws(Refusal) {
            self.budget = budget
            try take(0)
        }

        /// Before `more` bytes that have arrived are kept. Throws `overloaded` when there is no room for them.
        mutating func take(_ more: Int) throws(Refusal) {
            let (taken, isLeft) = budget.taken.withLock { taken in
                let isLeft = taken < budget.limit && taken + more <= budget.limit
                if isLeft { taken += more }
                return (taken, isLeft)
            }
            guard isLeft else {
                throw .overloaded("bodies of \(taken) bytes are being read; try again in a second")
            }
            bytes += more
        }

        deinit {
            let bytes = bytes
            budget.taken.withLock { $0 -= bytes }
        }
    }
}
