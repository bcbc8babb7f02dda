internal import Glibc

/// A gate that many may pass together and one may hold alone. One who waits to be alone is next: he goes before new
/// arrivals, and before the one who held it alone and comes back at once.
///
/// Metering passes it shared for each batch; a command, and the committer when it takes what is pending, hold it alone
/// for microseconds, the steps of the closer for milliseconds. That gives events and commands one order without one
/// lock for both.
public final class Gate: @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_rwlock_t>
    /// Held by the one who waits to be alone; it has no order of its own. The lock by itself would go to the thread
    /// that runs: to the closer, which comes back at once, again and again, while the committer is still waking up.
    private let turn: UnsafeMutablePointer<pthread_mutex_t>

    public init() {
        lock = .allocate(capacity: 1)
        turn = .allocate(capacity: 1)
        pthread_mutex_init(turn, nil)
        var attributes = pthread_rwlockattr_t()
        pthread_rwlockattr_init(&attributes)
        pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
        let code = pthread_rwlock_init(lock, &attributes)
        precondition(code == 0, "a gate could not be made: pthread_rwlock_init answered \(code)")
        pthread_rwlockattr_destroy(&attributes)
    }

    deinit {
        pthread_rwlock_destroy(lock)
        pthread_mutex_destroy(turn)
        lock.deallocate()
        turn.deallocate()
    }

    /// Runs `body` beside any other shared pass. Must not be nested: a waiting exclusive holder would deadlock both.
    public func shared<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        enter(alone: false)
        defer { leave() }
        return try body()
    }

    /// Runs `body` alone.
    public func exclusive<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        enter(alone: true)
        defer { leave() }
        return try body()
    }

    /// The same for a pass that a closure cannot hold. Leave it on the same thread.
    public func enter(alone: Bool) {
        if alone {
            pthread_mutex_lock(turn)
            pthread_rwlock_wrlock(lock)
            pthread_mutex_unlock(turn)
        } else {
            pthread_rwlock_rdlock(lock)
        }
    }

    public func leave() { pthread_rwlock_unlock(lock) }
}
