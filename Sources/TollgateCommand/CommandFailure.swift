internal import Glibc
internal import Tollgate

/// Why a command could not do its work: a sentence for a person and a status for a script.
struct CommandFailure: Error {
    let message: String
    /// What the process ends with; see the help of `tollgate`.
    let status: Int32

    /// The request was refused, or done only in part.
    static func refused(_ message: String) -> CommandFailure { CommandFailure(message: message, status: EXIT_FAILURE) }

    /// The data directory cannot be used now; the same command may succeed later.
    static func unusable(_ message: String) -> CommandFailure { CommandFailure(message: message, status: 75) }
}

extension CommandFailure {
    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let failure as StoreFailure: self = .unusable(failure.message)
        case let refusal as Refusal: self = .refused(refusal.message)
        default: self = .refused("\(error)")
        }
    }
}

extension CommandFailure {
    /// A failed system call, with what was being done.
    static func system(_ doing: String, errno code: Int32) -> CommandFailure {
        .refused("\(doing): \(String(cString: strerror(code)))")
    }
}
