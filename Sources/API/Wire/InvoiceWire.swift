internal import Basics
internal import Model
internal import Tollgate

struct BillingInvoiceResponseData: WireObject {
    let invoice: Invoice
    let now: Timestamp

    func writeFields(to json: inout JSONWriter) {
        json.field("id", invoice.id)
        json.field("number", invoice.number)
        json.field("company_id", invoice.companyID)
        json.field("subscription_id", invoice.subscriptionID)
        json.field("subscription_external_id", invoice.subscriptionID)
        json.field("status", invoice.status)
        json.field("document_state", invoice.documentState.rawValue)
        json.field("collection_state", invoice.collectionState(at: now))
        json.field("collector", "external")
        json.field("provider_type", BillingProviderType.schematic)
        json.field("currency", invoice.currency)
        json.field("subtotal", invoice.subtotal)
        json.field("total", invoice.total)
        json.field("amount_paid", invoice.amountPaid)
        json.field("amount_remaining", invoice.amountRemaining)
        json.field("period_start", invoice.period.start)
        json.field("period_end", invoice.period.end)
        json.field("finalizes_at", invoice.status == .draft ? invoice.finalizesAt : nil)
        json.field("finalized_at", invoice.finalizedAt)
        json.field("due_at", invoice.dueAt)
        json.field("created_at", invoice.createdAt)
    }
}

struct BillingInvoiceDetailResponseData: WireObject {
    let invoice: Invoice
    let now: Timestamp

    func writeFields(to json: inout JSONWriter) {
        BillingInvoiceResponseData(invoice: invoice, now: now).writeFields(to: &json)
        json.field("lines", invoice.lines.map(BillingInvoiceLineResponseData.init))
        json.field("settlements", invoice.settlements.map(BillingInvoiceSettlementResponseData.init))
        json.field("discount", invoice.discount)
        json.field("tax", invoice.tax)
        json.field("amount_credited", invoice.credits?.total ?? 0)
        json.field("hash", invoice.seal?.digest.hex)
        json.field("previous_hash", invoice.seal?.previous?.hex)
        json.field("terms") { json in
            json.object {
                $0.field("collection_method", invoice.collectionMethod)
                $0.field("collector", "external")
                $0.field("currency", invoice.currency)
                $0.field("days_until_due", invoice.daysUntilDue)
                $0.field("payment_gating", "keep_serving")
            }
        }
    }
}

struct BillingInvoiceSettlementResponseData: WireObject {
    let settlement: Settlement

    func writeFields(to json: inout JSONWriter) {
        json.field("id", settlement.id)
        json.field("amount", settlement.amount)
        json.field("collector", "external")
        json.field("reference", settlement.reference)
        json.field("settled_at", settlement.settledAt)
    }
}

struct BillingInvoiceLineResponseData: WireObject {
    let line: InvoiceLine

    func writeFields(to json: inout JSONWriter) {
        json.field("id", line.id)
        json.field("line_type", line.type.wireName)
        json.field("kind", kind)
        json.field("description", line.description)
        json.field("plan_id", line.planID)
        json.field("plan_version_id", line.versionID)
        json.field("feature_id", line.featureID)
        json.field("feature_key", line.featureKey)
        json.field("quantity", line.quantity.whole)
        json.field("quantity_decimal", line.quantity)
        json.field("unit_amount", line.unitAmount?.rounded)
        json.field("unit_amount_decimal", line.unitAmount)
        json.field("amount", line.amount)
        json.field("period_start", line.period.start)
        json.field("period_end", line.period.end)
        json.field("tier_detail", line.tiers.map(TierChargeWire.init))
        json.field("proration_basis", line.prorationBasis.map(ProrationBasisWire.init))
        json.field("corrects_line_id", line.correctsLineID)
        json.field("applies_to_line_id", line.derivation?.lineID)
        json.field("coupon_id", line.derivation?.couponID)
        json.field("tax_rate", line.derivation?.taxRate.map(TaxRateWire.init))
        json.field("tax_amount", line.derivation?.tax)
        json.field("taxable", line.type != .tax)
        json.emptyLists("charge_ids")
    }

    /// InvoiceLineKind
    private var kind: String {
        switch line.type {
        case .base, .usage, .seat: "subscription"
        case .prorationCredit, .prorationCharge: "adjustment"
        case .correction: "reconciliation"
        case .commitment: "true_up"
        case .purchase: "purchase"
        case .discount, .tax: "adjustment"
        }
    }
}

extension InvoiceLineType {
    /// What is paid once is a base price, of the kind `purchase`.
    var wireName: String { self == .purchase ? Self.base.rawValue : rawValue }
}

struct TierChargeWire: WireObject {
    let charge: TierCharge

    func writeFields(to json: inout JSONWriter) {
        json.field("up_to", charge.upTo?.rounded)
        json.field("up_to_decimal", charge.upTo)
        json.field("quantity", charge.quantity.whole)
        json.field("quantity_decimal", charge.quantity)
        json.field("unit_amount_decimal", charge.unitAmount)
        json.field("flat_amount_decimal", charge.flatAmount)
        json.field("amount_decimal", charge.amount)
    }
}

struct ProrationBasisWire: WireObject {
    let basis: ProrationBasis

    func writeFields(to json: inout JSONWriter) {
        json.field("seconds", basis.seconds)
        json.field("of_seconds", basis.ofSeconds)
    }
}

extension Invoice {
    var documentState: InvoiceDocumentState {
        switch status {
        case .draft: .draft
        case .void: .void
        case .open, .paid, .uncollectible: credits.map { $0.total >= total } ?? false ? .credited : .finalized
        }
    }

    func isPastDue(at now: Timestamp) -> Bool {
        guard status == .open, let dueAt else { return false }
        return dueAt < now
    }

    /// InvoiceCollectionState; nil before there is anything to collect.
    func collectionState(at now: Timestamp) -> String? {
        switch status {
        case .draft, .void, .uncollectible: nil
        case .paid: "paid"
        case .open: isPastDue(at: now) ? "past_due" : amountPaid > 0 ? "partially_paid" : "sent"
        }
    }
}

/// How far an invoice has come as a document: `credited` when credit notes have taken all of it back.
enum InvoiceDocumentState: String, CaseIterable, FieldValue {
    case draft, finalized, void, credited
}
