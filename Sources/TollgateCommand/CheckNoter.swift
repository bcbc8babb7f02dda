internal import Logging
internal import ServiceLifecycle
internal import Tollgate

/// Makes durable when flags were last checked: once a minute, and when everything else has ended.
struct CheckNoter: Service {
    let engine: Engine
    let logger: Logger

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(60))
                if !Task.isCancelled { await note() }
            }
        }
        await note()
    }

    private func note() async {
        do {
            try await engine.noteFlagChecks()
        } catch {
            logger.error("when flags were last checked could not be noted: \(error)")
        }
    }
}
