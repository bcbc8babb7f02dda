import Glibc
import Store

/// A directory of its own for one test's store, removed with everything in it at the end.
final class StoreDirectory {
    let path: String

    init() {
        var template = Array("/tmp/metering-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }

    deinit {
        for file in ["data.mdb", "lock.mdb", "holder.pid"] { unlink("\(path)/\(file)") }
        rmdir(path)
    }

    func open() throws -> Store { try Store(directory: path, durable: false, mapBytes: 1 << 30) }
}
