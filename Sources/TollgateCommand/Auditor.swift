internal import Logging
internal import ServiceLifecycle
internal import Tollgate

/// Checks once an hour that every unit that was metered is billed, corrected or still to be billed.
struct Auditor: Service {
    let engine: Engine
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let report = try engine.audit()
                    for difference in report.differences { logger.error("the audit found a difference: \(difference)") }
                } catch {
                    logger.error("the audit failed and is tried again in an hour: \(error)")
                }
                try? await Task.sleep(for: .seconds(3600))
            }
        }
    }
}
