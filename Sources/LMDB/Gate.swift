import Glibc

/// Counts the open transactions, and lets the map be replaced only while there are none.
///
/// LMDB moves its map when it grows, so no transaction of the process may be open then. A pthread read-write lock would
/// say the same, but it must be released by the thread that took it, and a read transaction may end on another one;
/// also its writer waits without end, where this one gives up and says how many transactions stood in its way.
final class Gate: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
    }

    // A condition variable has no counterpart in the standard library. The three live at fixed addresses, and `state`
    // is only touched while `mutex` is held.
    private nonisolated(unsafe) let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private nonisolated(unsafe) let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private nonisolated(unsafe) let state = UnsafeMutablePointer<State>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        // Patience is measured on a clock that nobody sets.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
        state.initialize(to: State())
    }

    deinit {
        precondition(state.pointee.inside == 0, "A transaction outlived its environment.")
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
        state.deallocate()
    }

    /// Counts one transaction in; waits while the gate is closed.
    func enter() {
        pthread_mutex_lock(mutex)
        while state.pointee.isClosed { pthread_cond_wait(changed, mutex) }
        state.pointee.inside += 1
        pthread_mutex_unlock(mutex)
    }

    /// Counts one transaction out, on any thread.
    func leave() {
        pthread_mutex_lock(mutex)
        state.pointee.inside -= 1
        if state.pointee.isClosed { pthread_cond_broadcast(changed) }
        pthread_mutex_unlock(mutex)
    }

    /// Keeps newcomers out, waits until nobody is inside, runs `body`, opens again.
    ///
    /// Returns 0 when `body` ran, else the number of transactions that were still open after `patienceMillis`.
    func whileEmpty(patienceMillis: Int, _ body: () throws(LMDBError) -> Void) throws(LMDBError) -> Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while state.pointee.isClosed { pthread_cond_wait(changed, mutex) }
        state.pointee.isClosed = true
        defer {
            state.pointee.isClosed = false
            pthread_cond_broadcast(changed)
        }
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_nsec += patienceMillis % 1000 * 1_000_000
        deadline.tv_sec += patienceMillis / 1000 + deadline.tv_nsec / 1_000_000_000
        deadline.tv_nsec %= 1_000_000_000
        while state.pointee.inside > 0 {
            if pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT {
                return state.pointee.inside
            }
        }
        try body()
        return 0
    }
}
