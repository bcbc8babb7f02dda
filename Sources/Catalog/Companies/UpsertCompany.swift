public import Basics
public import Model
public import Store

/// Makes or changes the company that the keys, or else the id, name.
///
/// Keys that are new are added, one with a new value is moved, traits are merged. A new company gets the base plan that
/// is named, else the plan group's initial or fallback plan. Rule: Schematic, "Companies, users, keys, traits".
public struct UpsertCompany: Command {
    public static var name: String { "upsert_company" }

    public var keys: [String: String]
    public var name: String?
    public var traits: [String: TraitValue] = [:]
    /// Names of keys to give up once the company is found.
    public var removeKeys: [String] = []
    public var preventKeyRemap = false
    public var updateOnly = false
    public var createOnly = false
    public var companyID: Identifier<Company>?
    public var lastSeenAt: Timestamp?
    /// IANA zone of the company's billing periods; fixed once a subscription has started.
    public var timezone: String?
    /// For a new company only; must need no payment.
    public var basePlanID: Identifier<Plan>?
    /// A price of 0 of that plan, which a plan with prices needs.
    public var basePlanPriceID: Identifier<Price>?

    public init(keys: [String: String]) {
        self.keys = keys
    }

    public func apply(_ transaction: Transaction) throws -> Company {
        guard !createOnly || companyID == nil else {
            throw Refusal.invalid("a company that is only to be created cannot be named by its id")
        }
        if let timezone, Zone(timezone) == nil {
            throw Refusal.invalid("timezone \"\(timezone)\" is not an IANA time zone name such as Europe/Berlin")
        }
        var company: Company
        if let found = try transaction.find(Company.self, keys: keys, id: companyID) {
            guard !createOnly else {
                throw Refusal.conflict("company \(found.id) has one of the keys already")
            }
            company = found
            if let name {
                try name.check(as: "a name")
                company.name = name
            }
        } else {
            guard !updateOnly else { throw Refusal.notFound("no company has one of the keys \(keys.shown)") }
            company = try transaction.makeCompany(
                keys: keys, name: name, plan: assignment(transaction), timezone: timezone)
        }
        let change = KeyChange(keys: keys, removing: removeKeys, preventsRemap: preventKeyRemap)
        try transaction.change(&company, change)
        try transaction.merge(traits, into: &company)
        if let timezone { try setTimezone(timezone, of: &company) }
        if let lastSeenAt { company.lastSeenAt = lastSeenAt }
        company.updatedAt = transaction.now
        try transaction.put(company)
        return company
    }

    private func assignment(_ transaction: Transaction) throws -> GivenPlan? {
        guard let basePlanID else { return try transaction.initialAssignment() }
        let plan = try transaction.require(basePlanID, "plan")
        let role = "the base plan of a new company"
        guard let basePlanPriceID else {
            try transaction.checkNeedsNoPayment(plan, as: role)
            return try transaction.assignment(to: plan)
        }
        let version = try transaction.publishedVersion(ofBasePlan: plan, as: role)
        try transaction.checkNeedsNoPayment(version, of: plan, as: role, paying: basePlanPriceID)
        var given = try transaction.assignment(to: plan)
        given?.price = version.recurringPrice(basePlanPriceID)
        return given
    }

    private func setTimezone(_ timezone: String, of company: inout Company) throws(Refusal) {
        guard company.billingProfile.timezone != timezone else { return }
        guard company.subscriptionID == nil, company.endedSubscriptionIDs.isEmpty else {
            throw .invalid("the time zone of company \(company.id) is fixed since its first subscription started")
        }
        company.billingProfile.timezone = timezone
    }
}

extension [String: String] {
    /// As a sentence names keys: `id=acme, slug=acme-inc`.
    var shown: String {
        sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }
}
