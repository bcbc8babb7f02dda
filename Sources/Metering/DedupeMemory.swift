internal import Basics
internal import Glibc
internal import Model

/// The memory of all dedupe windows: up to a limit of bytes the process's own, past it memory that the disk backs.
///
/// Disk-backed runs are mapped files without a name, which go with the mapping, also when the process is killed. Their
/// space is reserved before they are mapped: a full disk is a refusal here, never a fault at some later touch.
package final class DedupeMemory: Sendable {
    package struct Use: Sendable, Equatable {
        package init() {}

        package var memoryBytes = 0
        package var diskBytes = 0
    }

    /// Runs from here on are mapped by themselves; smaller ones share pages on the heap, because a process may have
    /// only some 65,000 mappings.
    static let mappedBytes = 64 << 10
    static let pageBytes = 4096
    private static let hugePageBytes = 2 << 20

    private let limit: Int
    private let directory: String?
    private let using = Locked(Use())

    /// - Parameter directory: where disk-backed runs lie; without one, what passes the limit is refused.
    package init(limit: Int = 2 << 30, directory: String? = nil) {
        self.limit = limit
        self.directory = directory
    }

    package var use: Use { using.withLock { $0 } }

    /// A run of zeroed bytes that lives as long as this object.
    final class Run {
        let start: UnsafeMutableRawPointer
        private(set) var byteCount: Int
        /// Bytes from the start on that are mapped for this run alone; 0 when it is on the heap.
        private let mappedBytes: Int
        private let isOnDisk: Bool
        private let memory: DedupeMemory

        fileprivate init(
            _ start: UnsafeMutableRawPointer, byteCount: Int, mapped: Int, isOnDisk: Bool = false,
            _ memory: DedupeMemory
        ) {
            self.start = start
            self.byteCount = byteCount
            mappedBytes = mapped
            self.isOnDisk = isOnDisk
            self.memory = memory
        }

        deinit {
            if mappedBytes > 0 { munmap(start, mappedBytes) } else { free(start) }
            memory.using.withLock { if isOnDisk { $0.diskBytes -= byteCount } else { $0.memoryBytes -= byteCount } }
        }

        /// Adds zeroed bytes at the end. Answers false, and does nothing, when there is no memory or no address for
        /// them.
        func grow(to byteCount: Int) -> Bool {
            guard !isOnDisk, byteCount <= mappedBytes, memory.take(byteCount - self.byteCount) else { return false }
            DedupeMemory.populate(start, from: self.byteCount, to: byteCount)
            self.byteCount = byteCount
            return true
        }
    }

    /// - Throws: `Refusal.overloaded` when neither memory nor disk has room.
    func run(byteCount: Int) throws(Refusal) -> Run {
        guard take(byteCount) else { return try diskRun(byteCount: byteCount) }
        if byteCount >= Self.mappedBytes, let (start, mapped) = Self.map(byteCount) {
            Self.populate(start, from: 0, to: byteCount)
            return Run(start, byteCount: byteCount, mapped: mapped, self)
        }
        guard let start = calloc(byteCount, 1) else {
            using.withLock { $0.memoryBytes -= byteCount }
            throw .overloaded("there is no memory for more idempotency keys: \(Self.reason(errno))")
        }
        return Run(start, byteCount: byteCount, mapped: 0, self)
    }

    private func take(_ byteCount: Int) -> Bool {
        using.withLock { use in
            guard use.memoryBytes + byteCount <= limit else { return false }
            use.memoryBytes += byteCount
            return true
        }
    }

    /// Maps more addresses than are needed, so that the run can grow where it is; where addresses are scarce, just what
    /// is needed. What is never touched takes no memory.
    private static func map(_ byteCount: Int) -> (start: UnsafeMutableRawPointer, byteCount: Int)? {
        let roomy = (byteCount * 4 + hugePageBytes - 1) / hugePageBytes * hugePageBytes
        for count in [roomy, byteCount] {
            let start = mmap(
                nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
            if let start, start != MAP_FAILED { return (start, count) }
        }
        return nil
    }

    /// Brings pages in, huge ones as far as the bytes fill them: without those every search misses the TLB too.
    private static func populate(_ start: UnsafeMutableRawPointer, from: Int, to: Int) {
        let wholeBefore = from / hugePageBytes * hugePageBytes
        let whole = to / hugePageBytes * hugePageBytes
        if wholeBefore < whole {
            madvise(start + wholeBefore, whole - wholeBefore, MADV_HUGEPAGE)
            // The huge page that was filled in part so far.
            if wholeBefore < from { madvise(start + wholeBefore, hugePageBytes, 25 /* MADV_COLLAPSE, Linux 6.1 */) }
        }
        // One call for all pages costs a third of the faults that it saves; where it is not known they are taken.
        let page = from / pageBytes * pageBytes
        madvise(start + page, to - page, 23 /* MADV_POPULATE_WRITE, Linux 5.14 */)
    }

    private func diskRun(byteCount: Int) throws(Refusal) -> Run {
        guard let directory else {
            throw .overloaded("idempotency keys fill the \(limit) bytes that they may take")
        }
        func refusal(_ code: Int32) -> Refusal {
            .overloaded(
                "idempotency keys fill the \(limit) bytes of memory that they may take, and \(directory) has no room "
                    + "for more: \(Self.reason(code))")
        }
        let byteCount = (byteCount + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
        var path = Array("\(directory)/dedupe.XXXXXX".utf8CString)
        let file = mkstemp(&path)
        guard file >= 0 else { throw refusal(errno) }
        defer { close(file) }
        unlink(path)
        var code = EINTR
        while code == EINTR { code = posix_fallocate(file, 0, byteCount) }
        guard code == 0 else { throw refusal(code) }
        let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let start, start != MAP_FAILED else { throw refusal(errno) }
        madvise(start, byteCount, MADV_RANDOM)
        using.withLock { $0.diskBytes += byteCount }
        return Run(start, byteCount: byteCount, mapped: byteCount, isOnDisk: true, self)
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
