public import Basics
public import Model
public import Store

/// Makes an exception for one company and feature. Where the plan is more generous, the plan applies.
public struct CreateCompanyOverride: Command {
    public static var name: String { "create_company_override" }

    public var companyID: Identifier<Company>
    public var featureID: Identifier<Feature>
    public var value: EntitlementValue
    public var expiresAt: Timestamp?
    public var note: String?

    public init(companyID: Identifier<Company>, featureID: Identifier<Feature>, value: EntitlementValue) {
        self.companyID = companyID
        self.featureID = featureID
        self.value = value
    }

    public func apply(_ transaction: Transaction) throws -> CompanyOverride {
        var company = try transaction.require(companyID, "company")
        let feature = try transaction.require(featureID, "feature")
        try transaction.checkNoLiveOverride(of: company, feature)
        guard company.overrideIDs.count < Limits.overridesOfCompany else {
            throw Refusal.conflict(
                "company \(companyID) has \(company.overrideIDs.count) overrides, and no more are allowed: "
                    + "delete expired ones"
            )
        }
        var override = CompanyOverride(
            id: transaction.newID(), companyID: companyID, featureID: featureID, value: value,
            ruleID: transaction.newID(), usageExceededRuleID: transaction.newID(), createdAt: transaction.now)
        try transaction.set(value, expiresAt: expiresAt, note: note, of: &override, feature)
        company.overrideIDs.append(override.id)
        try transaction.put(company)
        return override
    }
}

/// Replaces an override's value and expiry; a note is added to those that are there.
public struct UpdateCompanyOverride: Command {
    public static var name: String { "update_company_override" }

    public var overrideID: Identifier<CompanyOverride>
    public var value: EntitlementValue
    /// Nil lets it apply for ever.
    public var expiresAt: Timestamp?
    public var note: String?

    public init(overrideID: Identifier<CompanyOverride>, value: EntitlementValue) {
        self.overrideID = overrideID
        self.value = value
    }

    public func apply(_ transaction: Transaction) throws -> CompanyOverride {
        var override = try transaction.require(overrideID, "company override")
        let company = try transaction.require(override.companyID, "company")
        let feature = try transaction.require(override.featureID, "feature")
        // An expired override may come back to life, beside one that has taken its place.
        try transaction.checkNoLiveOverride(of: company, feature, except: overrideID)
        try transaction.set(value, expiresAt: expiresAt, note: note, of: &override, feature)
        return override
    }
}

/// Ends an exception at once.
public struct DeleteCompanyOverride: Command {
    public static var name: String { "delete_company_override" }

    public var overrideID: Identifier<CompanyOverride>

    public init(overrideID: Identifier<CompanyOverride>) {
        self.overrideID = overrideID
    }

    public func apply(_ transaction: Transaction) throws {
        let override = try transaction.require(overrideID, "company override")
        var company = try transaction.require(override.companyID, "company")
        company.overrideIDs.removeAll { $0 == overrideID }
        try transaction.put(company)
        transaction.forget(override)
    }
}

extension Transaction {
    func forget(_ override: CompanyOverride) {
        moveLapse(.companyOverride, of: override.id.ordinal, from: override.expiresAt, to: nil)
        delete(override.id)
    }

    fileprivate func checkNoLiveOverride(
        of company: Company, _ feature: Feature, except: Identifier<CompanyOverride>? = nil
    ) throws {
        for id in company.overrideIDs where id != except {
            let other = try require(id, "company override")
            guard other.featureID == feature.id, other.expiresAt.map({ now < $0 }) ?? true else { continue }
            throw Refusal.invalid(
                "company \(company.id) has the override \(id) of feature \"\(feature.name)\" already: change or "
                    + "delete that one"
            )
        }
    }

    fileprivate func set(
        _ value: EntitlementValue, expiresAt: Timestamp?, note: String?, of override: inout CompanyOverride,
        _ feature: Feature
    ) throws {
        if let expiresAt, expiresAt <= now {
            throw Refusal.invalid(
                "the override would expire at \(expiresAt.rfc3339), which is not after now, \(now.rfc3339)")
        }
        override.value = try value.checked(for: feature, self)
        moveLapse(.companyOverride, of: override.id.ordinal, from: override.expiresAt, to: expiresAt)
        override.expiresAt = expiresAt
        if let note {
            try note.check(as: "a note", limit: Limits.textBytes)
            guard override.notes.count < Limits.notes else {
                throw Refusal.conflict(
                    "override \(override.id) has \(override.notes.count) notes, and no more are allowed")
            }
            override.notes.append(OverrideNote(id: newID(), text: note, createdAt: now))
        }
        override.updatedAt = now
        try put(override)
    }
}
