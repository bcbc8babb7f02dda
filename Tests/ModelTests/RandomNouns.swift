import Basics
import Model
import TestSupport

/// Nouns with whatever their fields may hold.
struct RandomNouns {
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    private mutating func maybe<Value>(_ make: (inout Self) -> Value) -> Value? {
        Bool.random(using: &random) ? make(&self) : nil
    }

    private mutating func some<Value>(_ make: (inout Self) -> Value) -> [Value] {
        (0..<Int.random(in: 0...3, using: &random)).map { _ in make(&self) }
    }

    private mutating func id<N: Identified>(_: N.Type = N.self) -> Identifier<N> {
        Identifier(ordinal: number() >> UInt64.random(in: 0...63, using: &random))
    }

    private mutating func number() -> UInt64 { random.next() }
    private mutating func integer() -> Int64 {
        Int64(bitPattern: number()) >> Int64.random(in: 0...63, using: &random)
    }

    private mutating func text() -> String {
        ["", "calls", "a feature with a longer name than usual", "Größe \u{1F9FE}", "e\u{301}"].randomElement(
            using: &random)!
    }

    private mutating func time() -> Timestamp { Timestamp(milliseconds: integer() >> 2) }

    private mutating func period() -> Period {
        let (one, other) = (time(), time())
        return Period(start: min(one, other), end: max(one, other))
    }

    private mutating func decimal() -> Decimal {
        let wide = Int128(integer()) * Int128(Bool.random(using: &random) ? integer() : 1)
        return Decimal(coefficient: wide, scale: Int.random(in: 0...21, using: &random)) ?? 0
    }

    private mutating func tier() -> PriceTier {
        PriceTier(upTo: maybe { $0.decimal() }, unitAmount: decimal(), flatAmount: decimal())
    }

    private mutating func earlyUse() -> EarlyUse {
        EarlyUse(featureID: id(), quantity: decimal(), amount: integer())
    }

    private mutating func percentage() -> PercentagePrice {
        var price = PercentagePrice(rate: decimal())
        price.fixedAmount = decimal()
        price.freeEvents = maybe { $0.integer() }
        price.freeAmount = maybe { $0.decimal() }
        price.minimumAmount = maybe { $0.decimal() }
        price.maximumAmount = maybe { $0.decimal() }
        return price
    }

    private mutating func model() -> PriceModel {
        switch Int.random(in: 0...6, using: &random) {
        case 0: .perUnit(unit: decimal())
        case 1: .overage(included: decimal(), unit: decimal())
        case 2: .graduated(tiers: some { $0.tier() }, flatAtZero: Bool.random(using: &random))
        case 3:
            .package(
                size: integer(), rounding: PackageRounding.allCases.randomElement(using: &random)!, unit: decimal())
        case 4: .percentage(percentage())
        case 5: .above(free: decimal(), model())
        default: .volume(tiers: some { $0.tier() }, flatAtZero: Bool.random(using: &random))
        }
    }

    private mutating func line() -> InvoiceLine {
        var line = InvoiceLine(
            id: id(), type: InvoiceLineType.allCases.randomElement(using: &random)!, description: text(),
            planID: id(), versionID: id(), quantity: decimal(), unitAmount: maybe { $0.decimal() },
            amount: integer(), period: period())
        line.featureID = maybe { $0.id() }
        line.featureKey = maybe { $0.text() }
        line.entitlementID = maybe { $0.id() }
        line.tiers = some {
            TierCharge(
                upTo: $0.maybe { $0.decimal() }, quantity: $0.decimal(), unitAmount: $0.decimal(),
                flatAmount: $0.decimal(), amount: $0.decimal())
        }
        line.prorationBasis = maybe { ProrationBasis(seconds: $0.integer(), ofSeconds: $0.integer()) }
        line.correctsLineID = maybe { $0.id() }
        line.usageBasis = maybe {
            var basis = UsageBasis(meterID: $0.maybe { $0.id() }, period: $0.period(), model: $0.model())
            basis.minimum = $0.maybe { $0.integer() }
            basis.maximum = $0.maybe { $0.integer() }
            basis.eventsMeterID = $0.maybe { $0.id() }
            basis.billedEarly = $0.maybe { $0.earlyUse() }
            basis.isEarly = Bool.random(using: &$0.random)
            return basis
        }
        line.derivation = maybe {
            LineDerivation(
                from: $0.maybe { $0.id() }, coupon: $0.maybe { $0.id() }, taxRate: $0.maybe { $0.taxRate() },
                tax: $0.maybe { $0.integer() })
        }
        return line
    }

    private mutating func taxRate() -> TaxRate {
        TaxRate(name: text(), percent: decimal(), isInclusive: Bool.random(using: &random))
    }

    private mutating func discount() -> SubscriptionDiscount {
        let reduction: CouponReduction =
            Bool.random(using: &random)
            ? .percent(decimal()) : .amount(Money(minorUnits: integer(), currency: Currency("jpy")!))
        let coupon = Coupon(
            id: id(), externalID: text(), name: text(), reduction: reduction,
            duration: CouponDuration.allCases.randomElement(using: &random)!, months: integer(),
            maxRedemptions: integer(), timesRedeemed: integer(), createdAt: time())
        return SubscriptionDiscount(id: id(), coupon, startedAt: time(), endsAt: maybe { $0.time() })
    }

    private mutating func digest() -> InvoiceDigest {
        InvoiceDigest((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })!
    }

    /// With the notes that it was made of.
    private mutating func credits(of invoice: Invoice) -> InvoiceCredits {
        var credits = InvoiceCredits()
        for number in 0..<Int.random(in: 0...3, using: &random) {
            let lines = some { nouns in
                // Small, as their sums are made.
                CreditNoteLine(
                    lineID: nouns.id(), description: nouns.text(), amount: nouns.integer() >> 40,
                    addedTax: nouns.integer() >> 40, containedTax: nouns.integer() >> 40,
                    quantity: nouns.maybe { Decimal($0.integer() >> 40) })
            }
            credits.add(
                CreditNote(
                    id: id(), number: "CN-\(number)", invoice: invoice, lines: lines, reason: nil,
                    idempotencyKey: nil, refunded: integer() >> 40, createdAt: time()))
        }
        return credits
    }

    private mutating func profile() -> BillingProfile {
        var profile = BillingProfile(id: id(), createdAt: time())
        profile.name = maybe { $0.text() }
        profile.collectionMethod = CollectionMethod.allCases.randomElement(using: &random)!
        profile.daysUntilDue = integer()
        profile.timezone = maybe { $0.text() }
        profile.updatedAt = time()
        profile.taxRates = maybe { nouns in nouns.some { $0.taxRate() } }
        return profile
    }

    mutating func invoice() -> Invoice {
        var invoice = Invoice(
            id: id(), environmentID: id(), companyID: id(), subscriptionID: id(), currency: .usd, period: period(),
            lines: some { $0.line() }, finalizesAt: time(), profile: profile(), createdAt: time())
        invoice.status = InvoiceStatus.allCases.randomElement(using: &random)!
        invoice.number = maybe { $0.text() }
        invoice.finalizedAt = maybe { $0.time() }
        invoice.dueAt = maybe { $0.time() }
        invoice.settlements = some {
            Settlement(
                id: $0.id(), amount: $0.integer(), reference: $0.maybe { $0.text() }, idempotencyKey: $0.text(),
                settledAt: $0.time())
        }
        invoice.updatedAt = time()
        for index in invoice.settlements.indices {
            invoice.settlements[index].isFromBalance = maybe { Bool.random(using: &$0.random) }
        }
        invoice.terms = InvoiceTerms(discount: maybe { $0.discount() }, taxRates: some { $0.taxRate() })
        invoice.credits = maybe { $0.credits(of: invoice) }
        invoice.seal = maybe { InvoiceSeal(previous: $0.maybe { $0.digest() }, digest: $0.digest()) }
        return invoice
    }

    mutating func subscription() -> Subscription {
        let interval = PriceInterval(PriceInterval.Unit.allCases.randomElement(using: &random)!, count: integer())
        var subscription = Subscription(
            id: id(), environmentID: id(), companyID: id(), planID: id(), versionID: id(),
            price: Price(id: id(), interval: interval, amount: integer(), currency: .usd), timezone: text(),
            usageCarriedFrom: time(), startedAt: time())
        subscription.status = SubscriptionStatus.allCases.randomElement(using: &random)!
        subscription.leadIn(
            until: subscription.startedAt, isFree: Bool.random(using: &random), trial: maybe { _ in .subscribe })
        subscription.status = SubscriptionStatus.allCases.randomElement(using: &random)!
        subscription.periodIndex = Int(integer())
        subscription.payInAdvance = some { PayInAdvanceQuantity(entitlementID: $0.id(), quantity: $0.integer()) }
        subscription.cancelAtPeriodEnd = Bool.random(using: &random)
        subscription.meteredFrom = maybe { $0.time() }
        subscription.hasBilledItsEnd = Bool.random(using: &random)
        subscription.endedAt = maybe { $0.time() }
        subscription.pendingLines = some { $0.line() }
        subscription.billedPeriods = some {
            var billed = BilledPeriod(period: $0.period(), invoiceID: $0.id())
            for line in $0.some({ $0.line() }) { billed.correct(line) }
            return billed
        }
        subscription.billedEarly = some { $0.earlyUse() }
        subscription.advanceInvoices = maybe {
            var invoices = AdvanceInvoices(opening: $0.id())
            invoices.changes = $0.some { $0.id() }
            return invoices
        }
        subscription.addOns = some {
            SubscribedAddOn(planID: $0.id(), versionID: $0.id(), priceID: $0.maybe { $0.id() })
        }
        subscription.updatedAt = time()
        subscription.migrationID = maybe { $0.id() }
        subscription.discount = maybe { $0.discount() }
        subscription.correctsAt = maybe { $0.time() }
        return subscription
    }

    private mutating func trait(_ depth: Int = 0) -> TraitValue {
        switch Int.random(in: 0...(depth < 3 ? 5 : 3), using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2: .number("\(integer())")
        case 3: .string(text())
        case 4: .array(some { $0.trait(depth + 1) })
        default: .object(["a": trait(depth + 1), "b": trait(depth + 1)])
        }
    }

    mutating func company() -> Company {
        var company = Company(
            id: id(), environmentID: id(), name: text(),
            keys: some { EntityKey(name: $0.text(), value: $0.text(), createdAt: $0.time()) },
            billingProfile: profile(), createdAt: time())
        for (name, value) in zip(["b", "plan", "a"], some({ $0.trait() })) { company.traits[name] = value }
        company.plan = maybe { PlanAssignment(planID: $0.id(), versionID: $0.id(), assignedAt: $0.time()) }
        company.addOns = some { PlanAssignment(planID: $0.id(), versionID: $0.id(), assignedAt: $0.time()) }
        company.overrideIDs = some { $0.id() }
        company.subscriptionID = maybe { $0.id() }
        company.endedSubscriptionIDs = some { $0.id() }
        company.scheduledCheckoutID = maybe { $0.id() }
        company.trials = some { Trial(planID: $0.id(), startedAt: $0.time(), endsAt: $0.time()) }
        company.userCount = Int(integer())
        company.lastSeenAt = maybe { $0.time() }
        company.updatedAt = time()
        return company
    }

    mutating func hold() -> Hold {
        var hold = Hold(
            id: id(), companyID: id(), target: Bool.random(using: &random) ? .meter(id()) : .trait(id()),
            featureID: maybe { $0.id() },
            quantity: integer(), expiresAt: time())
        hold.settlement = maybe {
            HoldSettlement(
                committed: $0.maybe { $0.integer() }, usage: $0.integer(), reserved: $0.integer(),
                allocation: $0.maybe { $0.integer() }, remaining: $0.maybe { $0.integer() })
        }
        return hold
    }
}
