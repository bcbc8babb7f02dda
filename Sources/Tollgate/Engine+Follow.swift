package import Basics
internal import Catalog
internal import Entitlements
package import Model
internal import Store

extension Engine {
    /// How many commits have failed: what was seen under one number may have been taken back under another.
    package var failures: UInt64 { committer.statistics.failures }

    /// Calls back when all that could be seen before this call is durable; with false when something of it may have
    /// been taken back instead.
    ///
    /// Whoever changed something that was seen holds the gate until that waits for a commit, and the commit that is
    /// joined here is taken only when nobody holds it. So what was seen is in that one or an earlier one.
    ///
    /// - Parameter failures: their number before the look.
    package func whenDurable(since failures: UInt64, _ body: @escaping @Sendable (Bool) -> Void) {
        let ticket = CommitTicket()
        committer.join(ticket)
        let isUndisturbed = failures == self.failures
        ticket.onSettled { failure in body(failure == nil && isUndisturbed) }
    }

    /// Whether the key has not been revoked.
    package func isInForce(_ key: APIKey) -> Bool { isKnown(hash: key.hash) }

    /// The company that the keys name; nil when none does.
    ///
    /// - Throws: `Refusal` for keys that name two.
    package func companyID(_ keys: [String: String], in environment: EnvironmentID) throws -> Identifier<Company>? {
        guard let id = try holder(.company, keys, in: environment).map(Identifier<Company>.init(ordinal:)) else {
            return nil
        }
        return try requireRuntime(environment).company(id) == nil ? nil : id
    }

    /// The same for a user.
    package func userID(_ keys: [String: String], in environment: EnvironmentID) throws -> Identifier<User>? {
        guard let id = try holder(.user, keys, in: environment).map(Identifier<User>.init(ordinal:)) else {
            return nil
        }
        return try requireRuntime(environment).user(id) == nil ? nil : id
    }

    /// The plan that a company is on, as the catalog knows it now.
    package func plan(of company: Identifier<Company>, in environment: EnvironmentID) throws -> Plan? {
        guard let state = try requireRuntime(environment).company(company) else { return nil }
        return state.standing.basePlanID.flatMap { state.catalog.nouns.plans[$0] }
    }
}
