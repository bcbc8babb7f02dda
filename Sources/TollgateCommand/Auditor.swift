internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import Synchronization
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
                    let report = try await audit()
                    for difference in report.differences { logger.error("the audit found a difference: \(difference)") }
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("the audit failed and is tried again in an hour: \(error)")
                }
                try? await Task.sleep(for: .seconds(3600))
            }
        }
    }

    /// Reads every invoice, so not on a thread that answers requests. Given up when the server ends.
    private func audit() async throws -> VerifyReport {
        let isOver = Atomic(false)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(
                        with: Result { try engine.audit(isCancelled: { isOver.load(ordering: .relaxed) }) })
                }
            }
        } onCancel: {
            isOver.store(true, ordering: .relaxed)
        }
    }
}
