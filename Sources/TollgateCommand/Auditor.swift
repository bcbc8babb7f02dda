internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import Tollgate

/// Checks once an hour that every unit that was metered is billed, corrected or still to be billed: for the first time
/// a minute after the start, as what has waited for the server goes first.
struct Auditor: Service {
    let engine: Engine
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            try? await Task.sleep(for: .seconds(60))
            while !Task.isCancelled {
                do {
                    let report = try await leisurely { try engine.audit() }
                    for difference in report.differences { logger.error("the audit found a difference: \(difference)") }
                } catch {
                    logger.error("the audit failed and is tried again in an hour: \(error)")
                }
                try? await Task.sleep(for: .seconds(3600))
            }
        }
    }

    /// Runs what reads much on a thread of its own, which gives way to all others.
    private func leisurely<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                // On Linux that is of this thread alone, and the thread ends with its work. Where it is refused, the
                // work is done all the same.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
                continuation.resume(with: Result { try body() })
            }
        }
    }
}
