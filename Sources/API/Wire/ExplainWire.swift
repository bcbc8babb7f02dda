internal import Basics
internal import Model
internal import Tollgate

/// Why a line says what it says: down to the tiers, the events and the lines it follows from.
struct LineExplanation: WireObject {
    let invoice: Invoice
    let line: InvoiceLine
    /// Of usage and correction lines: the usage line, the others that bill the same use, and all their corrections,
    /// oldest first.
    let usageLine: BilledLine?
    let siblings: [BilledLine]
    let corrections: [BilledLine]
    let metered: Decimal?
    /// Nil where nothing is added up from events.
    let events: LineEvents?
    /// Of commitments, discounts and taxes.
    let source: InvoiceLine?

    func writeFields(to json: inout JSONWriter) {
        json.field("invoice_id", invoice.id)
        json.field("invoice_number", invoice.number)
        json.field("currency", invoice.currency)
        json.field("line", BillingInvoiceLineResponseData(line: line))
        json.field("calculation", Calculation(line: line))
        json.field("applies_to", source.map(BillingInvoiceLineResponseData.init))
        if let usageLine {
            json.field(
                "usage",
                UsageExplanation(
                    billed: usageLine, siblings: siblings, corrections: corrections, metered: metered, events: events))
        }
        if let usageLine, line.type == .correction {
            json.field(
                "corrects",
                CorrectionExplanation(
                    line: line, of: usageLine,
                    corrections: corrections.filter { $0.line.correctsLineID == usageLine.line.id }))
        }
    }
}

/// The way from quantity to amount: Σ tiers, rounded once.
private struct Calculation: WireObject {
    let line: InvoiceLine

    func writeFields(to json: inout JSONWriter) {
        json.field("quantity_decimal", line.quantity)
        json.field("unit_amount_decimal", line.unitAmount)
        json.field("tiers", line.tiers.map(TierChargeWire.init))
        json.field("exact_amount_decimal", exact)
        json.field("amount", line.amount)
        json.field("proration_basis", line.prorationBasis.map(ProrationBasisWire.init))
        if line.prorationBasis != nil { json.field("full_amount", full) }
    }

    /// Before it was rounded; nil where a line is not made of prices.
    private var exact: Decimal? {
        if !line.tiers.isEmpty {
            return try? line.tiers.reduce(Decimal.zero) { try $0.adding($1.amount) }
        }
        guard line.prorationBasis == nil, line.type != .correction, !line.isDerived else { return nil }
        // Nothing used, or less than nothing, costs nothing.
        if line.type == .usage, line.quantity <= .zero { return .zero }
        return line.unitAmount.flatMap { try? $0.multiplied(by: line.quantity) }
    }

    /// What the whole period costs.
    private var full: Int64? {
        line.unitAmount.flatMap { try? $0.multiplied(by: line.quantity).roundedToInteger() }
    }
}

/// metered = billed + billed_otherwise + corrected + uncorrected
private struct UsageExplanation: WireObject {
    let billed: BilledLine
    let siblings: [BilledLine]
    let corrections: [BilledLine]
    let metered: Decimal?
    let events: LineEvents?

    func writeFields(to json: inout JSONWriter) {
        let basis = billed.line.usageBasis
        json.field("line_id", billed.line.id)
        json.field("feature_id", billed.line.featureID)
        json.field("feature_key", billed.line.featureKey)
        json.field("meter_id", basis?.meterID)
        json.field("period_start", basis?.period.start)
        json.field("period_end", basis?.period.end)
        json.field("billed", billed.line.quantity)
        json.field("billed_otherwise", otherwise)
        json.field("corrected", corrected)
        json.field("metered", metered?.whole)
        json.field("metered_decimal", metered)
        json.field("uncorrected", uncorrected)
        json.field("corrections", corrections.map(CorrectionWire.init))
        if let events {
            json.field("events_count", events.count)
            json.field("events_sum", events.sum)
            json.field(
                "events",
                events.events.map { LineEventWire(event: $0, finalizedAt: billed.invoice.finalizedAt) })
        }
    }

    private var otherwise: Decimal? { quantity(of: siblings) }
    private var corrected: Decimal? { quantity(of: corrections) }

    private var uncorrected: Decimal? {
        guard let metered, let otherwise, let corrected else { return nil }
        return try? metered.subtracting(billed.line.quantity).subtracting(otherwise).subtracting(corrected)
    }

    private func quantity(of lines: [BilledLine]) -> Decimal? {
        try? lines.reduce(Decimal.zero) { try $0.adding($1.line.quantity) }
    }
}

private struct CorrectionWire: WireObject {
    let correction: BilledLine

    func writeFields(to json: inout JSONWriter) {
        json.field("invoice_id", correction.invoice.id)
        json.field("line_id", correction.line.id)
        json.field("quantity_decimal", correction.line.quantity)
        json.field("amount", correction.line.amount)
    }
}

private struct LineEventWire: WireObject {
    let event: LineEvents.Event
    let finalizedAt: Timestamp?

    func writeFields(to json: inout JSONWriter) {
        json.field("id", event.id)
        json.field("effective_at", event.effectiveAt)
        json.field("captured_at", event.capturedAt)
        json.field("quantity", event.quantity.whole)
        json.field("quantity_decimal", event.quantity)
        // What falls due at an instant is done before what is asked for at it.
        json.field("is_late", finalizedAt.map { $0 <= event.capturedAt } ?? false)
    }
}

/// What was billed before a correction, corrections before it included, and after it.
private struct CorrectionExplanation: WireObject {
    let line: InvoiceLine
    let of: BilledLine
    let corrections: [BilledLine]

    func writeFields(to json: inout JSONWriter) {
        json.field("invoice_id", of.invoice.id)
        json.field("line", BillingInvoiceLineResponseData(line: of.line))
        let earlier = corrections.prefix { $0.line.id != line.id }
        // With what the corrected line missed of its minimum, and exceeded its maximum by.
        let bounds = of.invoice.lines.filter {
            $0.derivation?.lineID == of.line.id && $0.type != .tax && $0.derivation?.couponID == nil
        }
        let before = (bounds + earlier.map(\.line)).reduce(of.line.amount) { $0 + $1.amount }
        let quantity = try? earlier.reduce(of.line.quantity) { try $0.adding($1.line.quantity) }
        json.field("quantity_before", quantity)
        json.field("quantity_after", quantity.flatMap { try? $0.adding(line.quantity) })
        json.field("amount_before", before)
        json.field("amount_after", before + line.amount)
    }
}
