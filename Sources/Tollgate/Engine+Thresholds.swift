internal import Basics
internal import Billing
internal import Catalog
internal import Entitlements
internal import Model
internal import Store

extension Engine {
    /// Bills what has reached a billing threshold, now that companies have used something. Outside the gate.
    ///
    /// It is a command of its own, behind the use in the journal. What cannot be billed waits for the next use, or for
    /// the period's end: what was counted stays counted.
    /// - Returns: The ticket to wait for in place of that of the use: then the invoice is durable too.
    func billThresholds(
        of companies: some Sequence<UInt64>, _ runtime: EnvironmentRuntime, after use: CommitTicket
    ) -> CommitTicket {
        guard runtime.catalog.nouns.hasThresholds else { return use }
        var last = use
        for ordinal in Set(companies).sorted() where ordinal != 0 {
            let id = Identifier<Company>(ordinal: ordinal)
            guard let state = try? runtime.company(id), state.subscription != nil,
                state.catalog.nouns.haveThresholds(state.standing.planVersionIDs)
            else { continue }
            let ticket = CommitTicket()
            let isBilled = try? committer.gate.exclusive {
                let command = BillReachedThresholds(companyID: id)
                let applied = try attempt(command, in: runtime.id, at: now(in: runtime.id))
                guard applied.outcome != nil else { return false }
                try adopt(command, applied.transaction, in: runtime.id, ticket)
                return true
            }
            if isBilled == true { last = last.and(ticket) }
        }
        return last
    }

    /// The same for the company that holds the keys.
    func billThresholds(
        ofCompany keys: [String: String], in environment: EnvironmentID, after use: CommitTicket
    ) throws -> CommitTicket {
        let runtime = try requireRuntime(environment)
        guard runtime.catalog.nouns.hasThresholds else { return use }
        let company = try resolve(.company, keys, in: environment) ?? 0
        return billThresholds(of: CollectionOfOne(company), runtime, after: use)
    }
}
