public import Basics

public enum InvoiceStatus: String, Codable, Sendable, CaseIterable {
    case draft, open, paid, void, uncollectible
}

/// What a company owes for a period. A draft until finalised; from then on its lines never change.
public struct Invoice: Codable, Sendable, Identified {
    public static let idPrefix = "inv"

    public let id: Identifier<Invoice>
    public let environmentID: Identifier<Environment>
    public let companyID: Identifier<Company>
    public let subscriptionID: Identifier<Subscription>
    public var status = InvoiceStatus.draft
    /// Without gaps per environment; given at finalisation.
    public var number: String?
    public let currency: Currency
    /// The period that the invoice stands for: the one that ended, or the first one for the invoice of a new
    /// subscription.
    public let period: Period
    public var lines: [InvoiceLine]
    /// When the draft finalises by itself.
    public let finalizesAt: Timestamp
    public var finalizedAt: Timestamp?
    public var dueAt: Timestamp?
    public var collectionMethod: CollectionMethod
    public var daysUntilDue: Int64
    public var settlements: [Settlement] = []
    public let createdAt: Timestamp
    public var updatedAt: Timestamp
    /// Discount and taxes that were agreed when it was issued; nil without any.
    public var terms: InvoiceTerms?
    /// What credit notes have taken back; nil without any.
    public var credits: InvoiceCredits?
    /// Of a finalised invoice.
    public var seal: InvoiceSeal?

    public init(
        id: Identifier<Invoice>, environmentID: Identifier<Environment>, companyID: Identifier<Company>,
        subscriptionID: Identifier<Subscription>, currency: Currency, period: Period, lines: [InvoiceLine],
        finalizesAt: Timestamp, profile: BillingProfile, createdAt: Timestamp
    ) {
        self.id = id
        self.environmentID = environmentID
        self.companyID = companyID
        self.subscriptionID = subscriptionID
        self.currency = currency
        self.period = period
        self.lines = lines
        self.finalizesAt = finalizesAt
        self.collectionMethod = profile.collectionMethod
        self.daysUntilDue = profile.daysUntilDue
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }

    /// Σ lines, in minor units.
    public var total: Int64 { lines.indices.reduce(0) { $0 + lines[$1].amount } }
    public var amountPaid: Int64 { settlements.reduce(0) { $0 + $1.amount } }
    /// What is still to be paid. A negative total is not: it goes to the company's balance.
    public var amountRemaining: Int64 { status == .void ? 0 : max(0, total - amountPaid - (credits?.lowered ?? 0)) }
    /// The part of what was paid that the company's balance paid.
    public var amountFromBalance: Int64 { settlements.reduce(0) { $0 + ($1.isFromBalance == true ? $1.amount : 0) } }
}

/// A payment towards an invoice, as reported by whoever collected it, or drawn from the company's balance.
public struct Settlement: Codable, Sendable, Identified {
    public static let idPrefix = "stlm"

    public let id: Identifier<Settlement>
    public let amount: Int64
    public let reference: String?
    public let idempotencyKey: String
    public let settledAt: Timestamp
    /// Nil is false. What goes back to the balance is negative.
    public var isFromBalance: Bool?

    public init(
        id: Identifier<Settlement>, amount: Int64, reference: String?, idempotencyKey: String, settledAt: Timestamp
    ) {
        self.id = id
        self.amount = amount
        self.reference = reference
        self.idempotencyKey = idempotencyKey
        self.settledAt = settledAt
    }
}

public enum InvoiceLineType: String, Codable, Sendable, CaseIterable {
    case base, usage, seat, correction, commitment, discount, tax
    /// Of a plan or add-on that is paid once.
    case purchase
    case prorationCredit = "proration_credit"
    case prorationCharge = "proration_charge"
}

/// One charge, rounded once.
public struct InvoiceLine: Codable, Sendable, Identified {
    public static let idPrefix = "invl"

    public let id: Identifier<InvoiceLine>
    public let type: InvoiceLineType
    public let description: String
    public let planID: Identifier<Plan>
    public let versionID: Identifier<PlanVersion>
    public var featureID: Identifier<Feature>?
    public var featureKey: String?
    public var entitlementID: Identifier<PlanEntitlement>?
    public var quantity: Decimal
    /// Minor units, exact; nil where tiers have several.
    public var unitAmount: Decimal?
    /// Minor units, rounded once.
    public var amount: Int64
    /// The period that the line charges for.
    public let period: Period
    public var tiers: [TierCharge] = []
    public var prorationBasis: ProrationBasis?
    public var correctsLineID: Identifier<InvoiceLine>?
    /// Of usage lines.
    public var usageBasis: UsageBasis?
    /// Of commitment, discount and tax lines.
    public var derivation: LineDerivation?

    public init(
        id: Identifier<InvoiceLine>, type: InvoiceLineType, description: String, planID: Identifier<Plan>,
        versionID: Identifier<PlanVersion>, quantity: Decimal, unitAmount: Decimal?, amount: Int64, period: Period
    ) {
        self.id = id
        self.type = type
        self.description = description
        self.planID = planID
        self.versionID = versionID
        self.quantity = quantity
        self.unitAmount = unitAmount
        self.amount = amount
        self.period = period
    }

    /// It follows from other lines, and changes with them until the invoice is final.
    public var isDerived: Bool { type == .commitment || type == .discount || type == .tax }
}

/// What a usage line is metered and rated by. Kept with the line, so that no later change of plan or feature reaches
/// what was billed.
public struct UsageBasis: Codable, Sendable, Equatable {
    /// Nil where a trait was billed, which is read once, at the period's end.
    public let meterID: Identifier<Meter>?
    public let period: Period
    public let model: PriceModel
    /// The least and the most that the period's use is billed, in minor units; prorated where the period is cut short.
    public var minimum: Int64?
    public var maximum: Int64?
    /// The meter that keeps each event, where the price is of single events.
    public var eventsMeterID: Identifier<Meter>?
    /// What earlier invoices have billed of the period's use, which the line leaves away.
    public var billedEarly: EarlyUse?
    /// Nil is false, and in maps of before there were any.
    private var early: Bool?

    public init(meterID: Identifier<Meter>?, period: Period, model: PriceModel) {
        self.meterID = meterID
        self.period = period
        self.model = model
    }

    /// The line bills use before the period ends: it stands as it is, and what changes afterwards is billed later.
    public var isEarly: Bool {
        get { early ?? false }
        set { early = newValue ? true : nil }
    }
}

/// The part of a line that one tier made.
public struct TierCharge: Codable, Sendable, Hashable {
    public let upTo: Decimal?
    public let quantity: Decimal
    public let unitAmount: Decimal
    public let flatAmount: Decimal
    /// Minor units, exact: rounding happens at the line.
    public let amount: Decimal

    public init(upTo: Decimal?, quantity: Decimal, unitAmount: Decimal, flatAmount: Decimal, amount: Decimal) {
        self.upTo = upTo
        self.quantity = quantity
        self.unitAmount = unitAmount
        self.flatAmount = flatAmount
        self.amount = amount
    }
}

public struct ProrationBasis: Codable, Sendable, Equatable {
    public let seconds: Int64
    public let ofSeconds: Int64

    public init(seconds: Int64, ofSeconds: Int64) {
        self.seconds = seconds
        self.ofSeconds = ofSeconds
    }
}
