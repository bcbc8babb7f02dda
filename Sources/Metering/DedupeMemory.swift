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
        let byteCount: Int
        private let isMapped: Bool
        private let giveBack: (inout Use) -> Void
        private let using: Locked<Use>

        fileprivate init(
            _ start: UnsafeMutableRawPointer, byteCount: Int, isMapped: Bool, _ using: Locked<Use>,
            giveBack: @escaping (inout Use) -> Void
        ) {
            self.start = start
            self.byteCount = byteCount
            self.isMapped = isMapped
            self.using = using
            self.giveBack = giveBack
        }

        deinit {
            if isMapped { munmap(start, byteCount) } else { free(start) }
            using.withLock { giveBack(&$0) }
        }
    }

    /// - Throws: `Refusal.overloaded` when neither memory nor disk has room.
    func run(byteCount: Int) throws(Refusal) -> Run {
        let fits = using.withLock { use in
            guard use.memoryBytes + byteCount <= limit else { return false }
            use.memoryBytes += byteCount
            return true
        }
        guard fits else { return try diskRun(byteCount: byteCount) }
        let isMapped = byteCount >= Self.mappedBytes
        guard let start = isMapped ? Self.map(byteCount) : calloc(byteCount, 1) else {
            using.withLock { $0.memoryBytes -= byteCount }
            throw .overloaded("there is no memory for more idempotency keys: \(Self.reason(errno))")
        }
        return Run(start, byteCount: byteCount, isMapped: isMapped, using) { $0.memoryBytes -= byteCount }
    }

    private static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED else { return nil }
        if byteCount >= hugePageBytes { madvise(start, byteCount, MADV_HUGEPAGE) }
        // One call for all pages costs a third of the faults that it saves; where it is not known they are taken.
        madvise(start, byteCount, 23 /* MADV_POPULATE_WRITE, Linux 5.14 */)
        return start
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
        return Run(start, byteCount: byteCount, isMapped: true, using) { $0.diskBytes -= byteCount }
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
