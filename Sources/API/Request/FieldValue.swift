internal import Basics
internal import Model

/// A type that a field of a body or a query parameter can have.
protocol FieldValue {
    /// What a wrong value should have been; follows "must be" in the refusal.
    static var expectation: String { get }
    /// Nil when the value is not one of these. Never called with null.
    init?(json: JSON)
    /// A query parameter's text as the JSON value that it stands for.
    static func json(ofQuery text: String) -> JSON
}

extension FieldValue {
    static func json(ofQuery text: String) -> JSON { .string(text) }
}

extension String: FieldValue {
    static var expectation: String { "a string" }

    init?(json: JSON) {
        guard case .string(let text) = json else { return nil }
        self = text
    }
}

extension Bool: FieldValue {
    static var expectation: String { "true or false" }

    init?(json: JSON) {
        guard case .bool(let value) = json else { return nil }
        self = value
    }

    static func json(ofQuery text: String) -> JSON {
        text == "true" ? .bool(true) : text == "false" ? .bool(false) : .string(text)
    }
}

extension Int64: FieldValue {
    static var expectation: String { "an integer of at most 64 bits" }

    init?(json: JSON) {
        guard case .number(let literal) = json, let value = Int64(literal) else { return nil }
        self = value
    }

    static func json(ofQuery text: String) -> JSON {
        Int64(text).map { .number(String($0)) } ?? .string(text)
    }
}

/// An exact decimal, as a string (`"0.25"`) or as a JSON number without exponent.
extension Decimal: FieldValue {
    static var expectation: String { "a decimal such as \"0.25\"" }

    init?(json: JSON) {
        switch json {
        case .string(let text), .number(let text): self.init(text)
        default: return nil
        }
    }
}

extension Timestamp: FieldValue {
    static var expectation: String { "an RFC 3339 date and time such as 2026-08-01T00:00:00Z" }

    init?(json: JSON) {
        guard case .string(let text) = json else { return nil }
        self.init(rfc3339: text)
    }
}

extension Currency: FieldValue {
    static var expectation: String { "a lower-case ISO 4217 code such as usd" }

    init?(json: JSON) {
        guard case .string(let code) = json else { return nil }
        self.init(code)
    }
}

extension Identifier: FieldValue {
    static var expectation: String { "an id that begins with \(Noun.idPrefix)_" }

    init?(json: JSON) {
        guard case .string(let text) = json, text.hasPrefix(Noun.idPrefix + "_") else { return nil }
        // What has the form of an id and is none names nothing: it is not found, as an id that was deleted.
        self = Identifier(text) ?? Identifier(ordinal: 0)
    }
}

/// Any value: traits.
extension JSON: FieldValue {
    static var expectation: String { "a JSON value" }

    init?(json: JSON) { self = json }
}

extension Dictionary: FieldValue where Key == String, Value: FieldValue {
    static var expectation: String { "an object in which every value is \(Value.expectation)" }

    init?(json: JSON) {
        guard case .object(let fields) = json else { return nil }
        self.init(minimumCapacity: fields.count)
        for (name, field) in fields {
            guard let value = Value(json: field) else { return nil }
            self[name] = value
        }
    }
}

extension Array: FieldValue where Element: FieldValue {
    static var expectation: String { "a list in which every element is \(Element.expectation)" }

    init?(json: JSON) {
        guard case .array(let elements) = json else { return nil }
        self = []
        for element in elements {
            guard let value = Element(json: element) else { return nil }
            append(value)
        }
    }
}

/// The enumerations of the contract: one of their names.
extension FieldValue where Self: RawRepresentable<String> & CaseIterable {
    static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }

    init?(json: JSON) {
        guard case .string(let name) = json else { return nil }
        self.init(rawValue: name)
    }
}

extension APIKey.Kind: FieldValue {}
extension BillingProviderType: FieldValue {}
extension EventSource: FieldValue {}
extension FeatureLifecyclePhase: FieldValue {}
extension BillingStrategy: FieldValue {}
extension ChargeType: FieldValue {}
extension CollectionMethod: FieldValue {}
extension CouponDuration: FieldValue {}
extension CompanyMigrationStatus: FieldValue {}
extension CustomPlanActivation: FieldValue {}
extension CustomPlanBillingStatus: FieldValue {}
extension ComparableOperator: FieldValue {}
extension ConditionType: FieldValue {}
extension EntitlementValueType: FieldValue {}
extension EntityType: FieldValue {}
extension EnvironmentType: FieldValue {}
extension FeatureType: FieldValue {}
extension InvoiceStatus: FieldValue {}
extension MetricPeriod: FieldValue {}
extension MetricPeriodMonthReset: FieldValue {}
extension OverageAnchor: FieldValue {}
extension OverageCadence: FieldValue {}
extension PackageRounding: FieldValue {}
extension MigrationErrorCode: FieldValue {}
extension MigrationProration: FieldValue {}
extension MigrationStatus: FieldValue {}
extension MigrationStrategy: FieldValue {}
extension PaymentGating: FieldValue {}
extension PlanType: FieldValue {}
extension PriceBehavior: FieldValue {}
extension PriceInterval.Unit: FieldValue {}
extension ProrationBehavior: FieldValue {}
extension RuleType: FieldValue {}
extension ScheduledCheckoutStatus: FieldValue {}
extension ScheduledDowngradeBehavior: FieldValue {}
extension SubscriptionStatus: FieldValue {}
extension TierMode: FieldValue {}
extension TraitType: FieldValue {}
