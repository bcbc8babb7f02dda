internal import CZlib
internal import Glibc

/// Lines of events from a file or standard input, plain or gzip, handed out in batches that fit one request.
///
/// One buffer holds the batch and what has been read beyond it; nothing is copied but the rest of a batch. zlib looks
/// at the first two bytes and passes on what is not gzip.
final class EventFile {
    static let batchLines = 10_000
    static let batchBytes = 16 << 20

    let name: String
    /// Of the file as it is on disk; nil when its end is not known.
    let bytes: Int?
    private let stream: gzFile
    private let buffer: UnsafeMutableRawBufferPointer
    private var filled = 0
    /// Where in the buffer the present batch ends.
    private var consumed = 0
    private var isAtEnd = false
    /// The lines before the present batch.
    private(set) var linesBefore = 0
    private var batchLines = 0

    /// - Parameter path: `-` is standard input.
    init(path: String) throws(CommandFailure) {
        name = path == "-" ? "standard input" : path
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("\(name) cannot be opened", errno: errno) }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        bytes = isFile ? Int(status.st_size) : nil
        guard let stream = gzdopen(descriptor, "rb") else {
            close(descriptor)
            throw .refused("there is no memory to read \(name)")
        }
        gzbuffer(stream, 1 << 18)
        self.stream = stream
        buffer = .allocate(byteCount: Self.batchBytes, alignment: 1)
    }

    deinit {
        gzclose(stream)
        buffer.deallocate()
    }

    /// How much of the file has been read, 0…1; nil when its end is not known.
    var fraction: Double? {
        guard let bytes, bytes > 0 else { return nil }
        return min(1, Double(gzoffset(stream)) / Double(bytes))
    }

    /// The next lines, each with its line feed (the last of the file may lack it); nil at the end.
    ///
    /// Valid until the next call. A batch ends at 10,000 lines, at 16 MiB, or before a line that `admits` says no to;
    /// that line comes first in the next batch, whatever `admits` says there.
    func next(
        admits: (UnsafeRawBufferPointer) -> Bool = { _ in true }
    ) throws(CommandFailure) -> UnsafeRawBufferPointer? {
        linesBefore += batchLines
        batchLines = 0
        let rest = filled - consumed
        if consumed > 0, rest > 0 {
            memmove(buffer.baseAddress!, buffer.baseAddress! + consumed, rest)
        }
        filled = rest
        consumed = 0
        while batchLines < Self.batchLines {
            guard let line = try nextLine() else { break }
            let isAdmitted = admits(line)
            guard isAdmitted || batchLines == 0 else { break }
            consumed += line.count
            batchLines += 1
        }
        return batchLines == 0 ? nil : UnsafeRawBufferPointer(rebasing: buffer[..<consumed])
    }

    /// The line after the present batch, reading on where needed; nil when there is none or the buffer is full.
    private func nextLine() throws(CommandFailure) -> UnsafeRawBufferPointer? {
        var searched = consumed
        while true {
            let start = buffer.baseAddress!
            if let feed = memchr(start + searched, 0x0A, filled - searched) {
                let end = UnsafeRawPointer(feed) - UnsafeRawPointer(start) + 1
                return UnsafeRawBufferPointer(rebasing: buffer[consumed..<end])
            }
            searched = filled
            if isAtEnd {
                return filled > consumed ? UnsafeRawBufferPointer(rebasing: buffer[consumed..<filled]) : nil
            }
            guard filled < buffer.count else {
                guard consumed == 0 else { return nil }
                throw .refused("line \(linesBefore + 1) of \(name) is longer than 16 MiB: it must be one event a line")
            }
            try fill()
        }
    }

    private func fill() throws(CommandFailure) {
        let room = min(buffer.count - filled, 1 << 20)
        let count = gzread(stream, buffer.baseAddress! + filled, UInt32(room))
        filled += Int(max(count, 0))
        guard count < room else { return }
        isAtEnd = true
        var code: Int32 = Z_OK
        let message = gzerror(stream, &code)
        // zlib gives what there was of a file that was cut short, and says so only when asked.
        guard code == Z_OK || code == Z_STREAM_END else {
            throw .refused(
                "\(name) cannot be read to its end: \(message.map { String(cString: $0) } ?? "zlib error \(code)")")
        }
    }
}
