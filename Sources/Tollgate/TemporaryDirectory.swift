internal import Glibc
internal import Model

/// A directory for a throwaway store, removed with its files when it goes out of scope.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws(StoreFailure) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/tollgate-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw StoreFailure("no temporary directory can be made in \(parent): \(String(cString: strerror(errno)))")
        }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        for file in ["data.mdb", "lock.mdb", "holder.pid"] { unlink("\(path)/\(file)") }
        rmdir(path)
    }
}
