internal import Basics
internal import Model
internal import Store

extension Transaction {
    /// The record that a provider's id names, or a refusal that names it as `what`.
    func require<E: External>(_ type: E.Type, _ id: String, _ what: String) throws -> E {
        guard let record = try find(type, id) else { throw Refusal.notFound("there is no \(what) \(id.cut)") }
        return record
    }

    /// The record that a provider's id names, if there is one yet; refused when it is another customer's.
    func find<E: External & MirroredOfCustomer>(
        _ type: E.Type, _ externalID: String, of customer: BillingCustomer, _ what: String
    ) throws -> E? {
        guard let known = try find(type, externalID) else { return nil }
        guard known.customerExternalID == customer.externalID else {
            throw Refusal.conflict("\(what) \(externalID) is one of customer \(known.customerExternalID)")
        }
        return known
    }

    /// Keeps what a provider says now of a noun that was known, or is new.
    func take<E: External & Mirrored>(_ details: E.Details, of noun: E) throws -> E {
        var noun = noun
        noun.details = details
        noun.updatedAt = now
        try putExternal(noun)
        return noun
    }

    func checkRoom<N>(in ids: [Identifier<N>], of whom: String) throws(Refusal) {
        guard ids.count < Limits.mirroredNouns else {
            throw .conflict("\(whom) has \(ids.count) of them, and no more are allowed")
        }
    }
}

extension String {
    /// Refuses what no provider would give a noun as an id.
    func checkExternal(_ field: String) throws(Refusal) {
        try check(as: field, limit: StoreKey.externalIDLimit)
    }

    /// For a sentence about it.
    var cut: String { count <= 40 ? self : prefix(40) + "…" }
}
