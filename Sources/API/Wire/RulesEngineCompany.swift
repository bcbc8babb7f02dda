internal import Basics
internal import Entitlements
internal import Model
internal import NIOCore
internal import Tollgate

/// A company as other engines decide for it, `rulesengine.Company`, with its large parts written already: each is
/// compared with what was told before, and told in whole or in parts.
struct RulesEngineCompany: WireObject {
    private let picture: CompanyPicture
    let rules: EncodedJSON
    let use: RulesEngineUse

    init(_ picture: CompanyPicture) {
        self.picture = picture
        let environment = picture.company.environmentID
        rules = EncodedJSON(
            picture.rules.map {
                RulesEngineRule(
                    rule: $0.rule, flagID: $0.flag, environment: environment, definitions: picture.definitions)
            })
        use = RulesEngineUse(picture.use, of: picture.company.id, in: environment, since: picture.company.createdAt)
    }

    /// Who the company is and where it stands. When something of it is another, so may be all the rest.
    var identity: EncodedJSON { EncodedJSON(Identity(picture: picture)) }
    var keys: [String: String] { picture.company.keys.named }
    var createdAt: Timestamp { picture.company.createdAt }

    func writeFields(to json: inout JSONWriter) {
        Identity(picture: picture).writeFields(to: &json)
        json.field("traits", use.traits)
        json.field("rules", rules)
        json.field("metrics", use.counts.map(use.metric))
        json.field("entitlements", use.entitlements)
    }
}

private struct Identity: WireObject {
    let picture: CompanyPicture

    func writeFields(to json: inout JSONWriter) {
        let (company, standing) = (picture.company, picture.standing)
        json.field("id", company.id)
        json.field("account_id", Account.id)
        json.field("environment_id", company.environmentID)
        json.field("keys", company.keys.named)
        json.field("base_plan_id", standing.basePlanID)
        json.field("plan_ids", standing.planIDs)
        json.field("plan_version_ids", standing.planVersionIDs)
        json.field("billing_product_ids", standing.billingProductIDs)
        json.field("credit_balances") { $0.object { _ in } }
        json.field("subscription") { json in
            guard let subscription = picture.subscription else { return json.null() }
            json.object {
                $0.field("id", subscription.id)
                $0.field("period_start", subscription.period.start)
                $0.field("period_end", subscription.period.end)
            }
        }
    }
}

/// The part of a company that changes as it uses and holds units.
struct RulesEngineUse {
    private let company: Identifier<Company>
    private let environment: EnvironmentID
    private let createdAt: Timestamp
    let counts: [CompanyUse.Metric]
    let traits: EncodedJSON
    let entitlements: EncodedJSON

    init(_ use: CompanyUse, of company: Identifier<Company>, in environment: EnvironmentID, since createdAt: Timestamp)
    {
        self.company = company
        self.environment = environment
        self.createdAt = createdAt
        counts = use.metrics
        traits = EncodedJSON(use.traits.map(RulesEngineTrait.init))
        entitlements = EncodedJSON(
            use.entitlements.map { flag, use in
                FeatureEntitlement(
                    featureKey: flag.key, grant: use.grant, usage: use.reading?.usage, event: flag.event,
                    resetsAt: flag.event == nil ? nil : use.reading?.resetsAt)
            })
    }

    func metric(_ count: CompanyUse.Metric) -> RulesEngineMetric {
        RulesEngineMetric(metric: count, company: company, environment: environment, createdAt: createdAt)
    }
}

/// What stays of a company that is gone: enough for a client to find what it keeps of it.
struct RulesEngineGone: WireObject {
    let id: String
    let environment: EnvironmentID
    let keys: [String: String]

    func writeFields(to json: inout JSONWriter) {
        json.field("id", id)
        json.field("account_id", Account.id)
        json.field("environment_id", environment)
        json.field("keys", keys)
        json.field("credit_balances") { $0.object { _ in } }
        json.emptyLists(
            "billing_product_ids", "entitlements", "metrics", "plan_ids", "plan_version_ids", "rules", "traits")
    }
}

/// The same of a flag.
struct RulesEngineGoneFlag: WireObject {
    let id: Identifier<Flag>
    let key: String
    let environment: EnvironmentID

    func writeFields(to json: inout JSONWriter) {
        json.field("id", id)
        json.field("account_id", Account.id)
        json.field("environment_id", environment)
        json.field("key", key)
        json.field("default_value", false)
        json.emptyLists("rules")
    }
}
