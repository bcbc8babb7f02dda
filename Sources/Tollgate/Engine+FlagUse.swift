internal import Basics
internal import Catalog
internal import Entitlements
internal import EventScanner
package import Model

extension Engine {
    /// Makes durable when flags were last checked, as far as that is news. A check writes nothing itself: call this now
    /// and then, and before the program ends.
    public func noteFlagChecks() async throws {
        for environment in environments {
            guard let runtime = runtime(environment.id) else { continue }
            let checks = runtime.newFlagChecks()
            guard !checks.isEmpty else { continue }
            try await execute(NoteFlagChecks(checks: checks), in: environment.id)
            runtime.noted(checks)
        }
    }

    /// Takes over what other programs report of checks that they made themselves.
    func noteFlagChecks(in events: borrowing ScannedEvents, _ runtime: EnvironmentRuntime) {
        guard let decode = options.decodeFlagCheck else { return }
        let catalog = runtime.catalog
        for index in 0..<events.count where !events[index].isRefused && events[index].kind == .flagCheck {
            guard let body = events[index].rawBody, let key = decode(body) else { continue }
            catalog.compiledFlags[key]?.lastCheck.happened(at: now(in: runtime.id))
        }
    }
}

extension ReadView {
    /// To the second; nil for a flag that nobody has checked.
    package func lastCheck(of flag: Flag) throws -> Timestamp? {
        let known = try get(FlagUse.id(of: flag.id))?.lastCheckedAt
        let latest = catalog.compiledFlags[flag.key]?.lastCheck.time
        return [known, latest].compactMap { $0 }.max()
    }
}

extension EnvironmentRuntime {
    /// The checks since those that were noted last.
    fileprivate func newFlagChecks() -> [NoteFlagChecks.Check] {
        let noted = notedFlagChecks.withLock { $0 }
        return catalog.compiledFlags.values.sorted { $0.id < $1.id }.compactMap { flag in
            guard let latest = flag.lastCheck.time, noted[flag.id].map({ $0 < latest }) ?? true else { return nil }
            return NoteFlagChecks.Check(flagID: flag.id, at: latest)
        }
    }

    fileprivate func noted(_ checks: [NoteFlagChecks.Check]) {
        notedFlagChecks.withLock { noted in
            for check in checks { noted[check.flagID] = check.at }
        }
    }
}
