internal import Logging
internal import ServiceLifecycle
internal import Tollgate

/// Closes the billing periods that have fallen due, once a second for as long as the server runs.
struct Closer: Service {
    let engine: Engine
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // What failed last, refused ones included, so that a full disk is one line in the log and not one a second.
            var failures: [EnvironmentID: String] = [:]
            while !Task.isCancelled {
                for environment in engine.environments {
                    let failure = await close(environment)
                    if let failure, failure != failures[environment.id] {
                        logger.error("closing \(environment.name) failed and is tried again each second: \(failure)")
                    }
                    failures[environment.id] = failure
                }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Nil when it went well.
    private func close(_ environment: Environment) async -> String? {
        do {
            let report = try await engine.closeDue(until: nil, in: environment.id)
            if report.closed > 0 {
                logger.info("\(environment.name): closed \(report.closed) periods, \(report.invoices) invoices")
            }
            return report.refused.first.map { "\(report.refused.count) could not be closed, the first because \($0)" }
        } catch {
            return "\(error)"
        }
    }
}
