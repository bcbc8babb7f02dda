public import Basics

public enum SubscriptionStatus: String, Codable, Sendable, CaseIterable {
    case active, trialing, canceled
}

/// A company's agreement to pay for one plan: who closes what, when, at which prices.
///
/// Periods are computed from `anchor` and an index, never from the previous period; before the anchor there may be a
/// lead-in, of index −1 (`SubscriptionPeriods`). `periodIndex` is the one that
/// runs as far as closing has come: its base fee is on an invoice, its usage is not.
public struct Subscription: Codable, Sendable, Identified {
    public static let idPrefix = "bsub"

    public let id: Identifier<Subscription>
    public let environmentID: Identifier<Environment>
    public let companyID: Identifier<Company>
    public var status = SubscriptionStatus.active
    public var planID: Identifier<Plan>
    public var versionID: Identifier<PlanVersion>
    public var priceID: Identifier<Price>
    public let currency: Currency
    public let interval: PriceInterval
    public let startedAt: Timestamp
    /// Where period 0 begins: the start, or the end of the lead-in.
    public package(set) var anchor: Timestamp
    public let timezone: String
    public var periodIndex: Int = 0
    /// Quantities bought ahead, by entitlement.
    public var payInAdvance: [PayInAdvanceQuantity] = []
    /// The start of the usage window that was in force before the first period: the count so far carries into the first
    /// window.
    public var usageCarriedFrom: Timestamp
    public var cancelAtPeriodEnd = false
    /// Where use begins to count for billing, when not at the start: an earlier subscription has billed the instant.
    public var meteredFrom: Timestamp?
    /// The last invoice has billed use up to and including the instant of the end.
    public var hasBilledItsEnd = false
    public var endedAt: Timestamp?
    /// Lines that wait for the next invoice: the credit and charge of plan changes.
    public var pendingLines: [InvoiceLine] = []
    /// The periods that were closed, kept while events may still arrive for them.
    public var billedPeriods: [BilledPeriod] = []
    /// What invoices before its end have billed of the running period's use. Nil in maps of before there were any.
    private var earlyUse: [EarlyUse]?
    /// The invoices that charge ahead for the running period; nil where none is known, as in records of before they
    /// were remembered.
    public package(set) var advanceInvoices: AdvanceInvoices?
    /// What is paid for beside the base plan. Nil in maps of before there were any.
    private var boughtAddOns: [SubscribedAddOn]?
    /// Of a lead-in that is a trial, while it lasts and afterwards: what it becomes, decided when it begins.
    public internal(set) var trialEnding: TrialEnding?
    /// Nothing is charged ahead for the lead-in. Nil in maps of before there were any.
    private var freeLeadIn: Bool?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp
    /// The coupon that it was given last.
    public var discount: SubscriptionDiscount?
    /// When late use of a subscription that has ended is billed; nil while none is known to wait.
    public var correctsAt: Timestamp?
    /// The migration that waits for the end of the running period.
    public var migrationID: Identifier<CompanyMigration>?

    public init(
        id: Identifier<Subscription>, environmentID: Identifier<Environment>, companyID: Identifier<Company>,
        planID: Identifier<Plan>, versionID: Identifier<PlanVersion>, price: Price, timezone: String,
        usageCarriedFrom: Timestamp, startedAt: Timestamp
    ) {
        self.id = id
        self.environmentID = environmentID
        self.companyID = companyID
        self.planID = planID
        self.versionID = versionID
        self.priceID = price.id
        self.currency = price.currency
        self.interval = price.interval
        self.startedAt = startedAt
        self.anchor = startedAt
        self.timezone = timezone
        self.usageCarriedFrom = usageCarriedFrom
        self.createdAt = startedAt
        self.updatedAt = startedAt
    }
}

extension Subscription {
    public var addOns: [SubscribedAddOn] {
        get { boughtAddOns ?? [] }
        set { boughtAddOns = newValue.isEmpty ? nil : newValue }
    }

    /// What invoices before its end have billed of the running period's use.
    public var billedEarly: [EarlyUse] {
        get { earlyUse ?? [] }
        set { earlyUse = newValue.isEmpty ? nil : newValue }
    }

    /// The versions whose prices it bills by: that of the base plan first.
    public var versionIDs: [Identifier<PlanVersion>] { [versionID] + addOns.map(\.versionID) }

    /// The quantity of a pay-in-advance entitlement: what was bought, else what the plan presets.
    package func quantity(boughtOf entitlement: PlanEntitlement) -> Int64 {
        payInAdvance.first { $0.entitlementID == entitlement.id }?.quantity ?? entitlement.usageQuantity ?? 0
    }

    /// Nothing is charged ahead for the lead-in.
    public internal(set) var isLeadInFree: Bool {
        get { freeLeadIn ?? false }
        set { freeLeadIn = newValue ? true : nil }
    }
}

/// An add-on as a subscription bills it.
public struct SubscribedAddOn: Codable, Sendable, Hashable {
    public let planID: Identifier<Plan>
    public let versionID: Identifier<PlanVersion>
    /// Nil for an add-on without a base price.
    public let priceID: Identifier<Price>?

    public init(planID: Identifier<Plan>, versionID: Identifier<PlanVersion>, priceID: Identifier<Price>?) {
        self.planID = planID
        self.versionID = versionID
        self.priceID = priceID
    }
}

public struct PayInAdvanceQuantity: Codable, Sendable, Equatable {
    public var entitlementID: Identifier<PlanEntitlement>
    public var quantity: Int64

    public init(entitlementID: Identifier<PlanEntitlement>, quantity: Int64) {
        self.entitlementID = entitlementID
        self.quantity = quantity
    }
}

/// The invoices that charge base fees and quantities bought ahead for one period.
public struct AdvanceInvoices: Codable, Sendable, Equatable {
    /// Of the period's start.
    public let opening: Identifier<Invoice>
    /// Of changes within the period that were billed at once, oldest first.
    public package(set) var changes: [Identifier<Invoice>] = []

    package init(opening: Identifier<Invoice>) {
        self.opening = opening
    }
}

/// A closed period whose usage may still change.
public struct BilledPeriod: Codable, Sendable {
    public let period: Period
    public let invoiceID: Identifier<Invoice>
    /// The usage lines that corrections have changed since, as they stand so far. All others stand as on the invoice.
    public internal(set) var lines: [InvoiceLine] = []

    public init(period: Period, invoiceID: Identifier<Invoice>) {
        self.period = period
        self.invoiceID = invoiceID
    }

    /// The usage lines as they stand on invoices so far, corrections included. `invoice` is the one that billed them.
    public func usageLines(of invoice: Invoice) -> [InvoiceLine] {
        invoice.lines.filter { $0.type == .usage }.map { line in lines.first { $0.id == line.id } ?? line }
    }

    /// Remembers how a line stands after a correction.
    public mutating func correct(_ line: InvoiceLine) {
        lines.removeAll { $0.id == line.id }
        lines.append(line)
    }
}
