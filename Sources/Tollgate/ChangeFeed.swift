package import Basics
internal import Metering
package import Model
internal import Store

/// What has changed since somebody last asked: the names of what may look different now, not what it was or is.
///
/// Noted as soon as a change can be seen, so before it is durable. Who follows takes the names, looks, and tells nobody
/// before `Engine.whenDurable`. While nobody follows, nothing is noted.
package final class ChangeFeed: Sendable {
    package struct Changes: Sendable {
        /// Companies that used something or hold other units; in doubt too many.
        package var used: Set<Identifier<Company>> = []
        package var environments: [EnvironmentID: Records] = [:]
        package var hasOtherKeys = false
        /// A commit failed, so that what had been seen before may have been taken back.
        package var isEverything = false
    }

    /// The records of one environment.
    package struct Records: Sendable {
        package var companies: Set<Identifier<Company>> = []
        package var users: Set<Identifier<User>> = []
        /// Flags, features, plans, definitions of traits, or the environment itself with its clock.
        package var hasOtherCatalog = false
        /// Keys name other companies or users than before.
        package var hasOtherNames = false

        package init() {}
    }

    private struct State {
        var changes = Changes()
        var isAwaited = true
        var follower: (@Sendable () -> Void)?

        /// Whom to wake.
        mutating func change(_ body: (inout Changes) -> Void) -> (@Sendable () -> Void)? {
            guard let follower else { return nil }
            body(&changes)
            defer { isAwaited = false }
            return isAwaited ? follower : nil
        }
    }

    /// Of counted events and holds.
    let use: UseWatch
    private let state: Locked<State>

    init() {
        let state = Locked(State())
        self.state = state
        use = UseWatch { state.withLock { $0.change { _ in } }?() }
    }

    /// Names the one who follows: called when the first change comes after `take`, by whoever made it.
    package func follow(_ wake: @escaping @Sendable () -> Void) {
        state.withLock { $0.follower = wake }
    }

    /// From here on the company's use is noted too, until `ignoreUse`.
    package func noteUse(by company: Identifier<Company>) { use.follow(company.ordinal) }

    package func ignoreUse(by company: Identifier<Company>) { use.unfollow(company.ordinal) }

    /// The same for the use of every company.
    package func noteEveryUse() { use.followEverybody() }

    package func ignoreEveryUse() { use.unfollowEverybody() }

    /// What has changed since the last time.
    package func take() -> Changes {
        var changes = state.withLock { state in
            defer {
                state.changes = Changes()
                state.isAwaited = true
            }
            return state.changes
        }
        changes.used = Set(use.take().map(Identifier.init(ordinal:)))
        return changes
    }

    /// Called alone (gate held), after the changes can be seen.
    ///
    /// - Parameter hasOtherNames: keys were given to somebody or taken away.
    func note(_ records: [RecordChange], hasOtherNames: Bool, in environment: EnvironmentID) {
        state.withLock { state in
            state.change { changes in
                if records.contains(where: { $0.kind == .apiKey }) { changes.hasOtherKeys = true }
                changes.environments[environment, default: Records()].note(records)
                if hasOtherNames { changes.environments[environment]?.hasOtherNames = true }
            }
        }?()
    }

    /// A commit failed, and what it would have made durable has been taken back.
    func noteFailure() {
        state.withLock { $0.change { $0.isEverything = true } }?()
    }
}

extension ChangeFeed.Records {
    fileprivate mutating func note(_ changes: [RecordChange]) {
        for change in changes {
            if let effect = change.effect { companies.insert(effect.companyID) }
            switch change.kind {
            case .company: companies.insert(Identifier(ordinal: change.ordinal))
            case .user: users.insert(Identifier(ordinal: change.ordinal))
            // A meter that nothing refers to yet changes no answer, plan groups are for new companies, and keys are
            // noted by themselves.
            case .meter, .planGroup, .apiKey: continue
            default: if change.kind.isCatalog { hasOtherCatalog = true }
            }
        }
    }
}
