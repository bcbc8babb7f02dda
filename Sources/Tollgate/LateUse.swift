internal import Basics
internal import Model

/// Subscriptions that have ended and whose billed periods have had late events, until the closer has made a note of
/// them.
final class LateUse: Sendable {
    private let subscriptions = Locked<Set<Identifier<Subscription>>>([])

    func insert(_ id: Identifier<Subscription>) {
        subscriptions.withLock { _ = $0.insert(id) }
    }

    /// Oldest first; they are forgotten here.
    func take() -> [Identifier<Subscription>] {
        let taken = subscriptions.withLock { subscriptions in
            defer { subscriptions = [] }
            return subscriptions
        }
        return taken.sorted()
    }
}
