#if TOLLGATE_POSIX_LOCKS
    internal import Glibc

    /// A value that is only reachable while its lock is held. POSIX form, for runs under ThreadSanitizer, which reports
    /// false races on `Synchronization.Mutex` under contention.
    public final class Locked<Value>: @unchecked Sendable {
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private var value: Value

        public init(_ value: sending Value) {
            self.value = value
            mutex = .allocate(capacity: 1)
            pthread_mutex_init(mutex, nil)
        }

        deinit {
            pthread_mutex_destroy(mutex)
            mutex.deallocate()
        }

        public func withLock<Result, Failure: Error>(
            _ body: (inout Value) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            return try body(&value)
        }

        /// The same; calls `onWait` first when somebody else holds the lock.
        public func withLock<Result, Failure: Error>(
            onWait: () -> Void, _ body: (inout Value) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            if pthread_mutex_trylock(mutex) != 0 {
                onWait()
                pthread_mutex_lock(mutex)
            }
            defer { pthread_mutex_unlock(mutex) }
            return try body(&value)
        }
    }
#else
    public import Synchronization

    /// A value that is only reachable while its lock is held.
    ///
    /// A class, so that it can be shared and stored in arrays; inlinable, so that callers compile it for their value:
    /// uncontended cost is about 9 ns. Never call out, block or do I/O inside `withLock`: decide inside, act after.
    public final class Locked<Value>: @unchecked Sendable {
        @usableFromInline let mutex = Mutex(())
        // Only reached with the lock held, which excludes more than the runtime's check of exclusivity could.
        @exclusivity(unchecked) @usableFromInline var value: Value

        @inlinable
        public init(_ value: sending Value) {
            self.value = value
        }

        @inlinable
        public func withLock<Result, Failure: Error>(
            _ body: (inout Value) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            try mutex.withLock { (_) throws(Failure) -> Result in try body(&value) }
        }

        /// The same; calls `onWait` first when somebody else holds the lock.
        @inlinable
        public func withLock<Result, Failure: Error>(
            onWait: () -> Void, _ body: (inout Value) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            let atOnce = try mutex.withLockIfAvailable { (_) throws(Failure) -> Result in try body(&value) }
            if let atOnce { return atOnce }
            onWait()
            return try withLock(body)
        }
    }
#endif
