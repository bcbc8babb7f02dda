public import Basics
public import Model
public import Store

/// Changes how an environment bills. Running periods keep their zone.
public struct UpdateBillingSettings: Command {
    public static let name = "update_billing_settings"

    public var timezone: String?
    public var invoiceGraceSeconds: Int64?
    public var autoFinalize: Bool?
    public var defaultProviderType: BillingProviderType?

    public init() {}

    public func apply(_ transaction: Transaction) throws -> Model.Environment {
        var environment = try transaction.environment()
        if let timezone { environment.billing.timezone = try requireZone(timezone) }
        if let seconds = invoiceGraceSeconds {
            let limit: Int64 = 34 * 86_400
            guard (0...limit).contains(seconds) else {
                throw Refusal.invalid("invoice_grace_seconds must be between 0 and \(limit), not \(seconds)")
            }
            environment.billing.invoiceGraceSeconds = seconds
        }
        if let autoFinalize { environment.billing.autoFinalize = autoFinalize }
        if let provider = defaultProviderType {
            guard provider == .schematic else {
                throw Refusal.conflict(
                    "default_provider_type \(provider.rawValue) is not connected: this release bills natively"
                )
            }
            environment.billing.defaultProviderType = provider
        }
        environment.updatedAt = transaction.now
        try transaction.put(environment)
        return environment
    }
}

/// Changes how one company is billed, from its next invoice on.
public struct UpdateBillingProfile: Command {
    public static let name = "update_billing_profile"

    public let profileID: Identifier<BillingProfile>
    public var name: String?
    public var collectionMethod: CollectionMethod?
    public var daysUntilDue: Int64?
    public var paymentGating: PaymentGating?
    /// Days after an invoice's due date; only where gating is `revokeAfter`.
    public var gatingDays: Int64?
    public var timezone: String?
    /// Replaces all; of invoices that are issued from now on.
    public var taxRates: [TaxRate]?
    /// The provider's id of a payment method of the company, or ours; empty takes the choice back.
    public var paymentMethod: String?

    public init(profileID: Identifier<BillingProfile>) {
        self.profileID = profileID
    }

    public func apply(_ transaction: Transaction) throws -> Company {
        // A company's one profile has the company's ordinal.
        guard var company = try transaction.get(Identifier<Company>(ordinal: profileID.ordinal)) else {
            throw Refusal.notFound("billing profile \(profileID) does not exist")
        }
        if let name { company.billingProfile.name = name }
        if let collectionMethod { company.billingProfile.collectionMethod = collectionMethod }
        if let days = daysUntilDue {
            guard (0...365).contains(days) else {
                throw Refusal.invalid("days_until_due must be between 0 and 365, not \(days)")
            }
            company.billingProfile.daysUntilDue = days
        }
        try setGating(of: &company.billingProfile)
        if let taxRates {
            try check(taxRates)
            company.billingProfile.taxRates = taxRates.isEmpty ? nil : taxRates
        }
        if let paymentMethod {
            let method = try paymentMethod.isEmpty ? nil : transaction.paymentMethod(paymentMethod, of: company)
            guard paymentMethod.isEmpty || method != nil else {
                throw Refusal.invalid("payment_method_id \"\(paymentMethod)\" is no payment method of the company")
            }
            company.billingProfile.paymentMethodID = method?.id
        }
        if let timezone {
            guard company.subscriptionID == nil, company.endedSubscriptionIDs.isEmpty else {
                throw Refusal.invalid("timezone cannot change once the company's first subscription has started")
            }
            company.billingProfile.timezone = try requireZone(timezone)
        }
        company.billingProfile.updatedAt = transaction.now
        company.updatedAt = transaction.now
        try transaction.put(company)
        return company
    }

    private func setGating(of profile: inout BillingProfile) throws(Refusal) {
        if let days = gatingDays, !(0...365).contains(days) {
            throw .invalid("gating_days must be between 0 and 365, not \(days)")
        }
        switch paymentGating {
        case .keepServing?: profile.gatingDays = nil
        case .revokeAfter?: profile.gatingDays = gatingDays ?? profile.gatingDays ?? 0
        case nil:
            guard let gatingDays else { return }
            guard profile.gatingDays != nil else {
                throw .invalid("gating_days needs payment_gating revoke_after")
            }
            profile.gatingDays = gatingDays
        }
    }
}

private func check(_ rates: [TaxRate]) throws(Refusal) {
    guard rates.count <= TaxRate.maximumCount else {
        throw .invalid("tax_rates has at most \(TaxRate.maximumCount) rates, not \(rates.count)")
    }
    for rate in rates {
        guard (1...255).contains(rate.name.utf8.count) else {
            throw .invalid("tax_rates: name must have 1 to 255 bytes, not \(rate.name.utf8.count)")
        }
        guard rate.percent >= 0, rate.percent <= 100, rate.percent.scale <= TaxRate.maximumPlaces else {
            throw .invalid(
                "tax_rates: percent must be between 0 and 100 with at most \(TaxRate.maximumPlaces) places, "
                    + "not \(rate.percent)")
        }
    }
}

private func requireZone(_ name: String) throws(Refusal) -> String {
    guard Zone(name) != nil else {
        throw .invalid("timezone \"\(name)\" is not an IANA time zone such as America/New_York")
    }
    return name
}
