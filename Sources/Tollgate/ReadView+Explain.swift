internal import Metering
package import Model

/// A correction of a line, or the line that a correction corrects, with the invoice that it is on.
package struct BilledLine: Sendable {
    package let invoice: Invoice
    package let line: InvoiceLine

    package init(invoice: Invoice, line: InvoiceLine) {
        self.invoice = invoice
        self.line = line
    }
}

extension ReadView {
    /// The line that another one names, on whichever of the company's invoices it is.
    package func line(_ id: Identifier<InvoiceLine>, of company: Identifier<Company>) throws -> BilledLine? {
        try invoices(of: company, limit: 1) { $0.lines.contains { $0.id == id } }.first.map { invoice in
            BilledLine(invoice: invoice, line: invoice.lines.first { $0.id == id }!)
        }
    }

    /// The lines of other invoices that correct a line, oldest first. Those of drafts count too.
    package func corrections(
        of id: Identifier<InvoiceLine>, _ company: Identifier<Company>
    ) throws -> [BilledLine] {
        try invoices(of: company, limit: .max).reversed().flatMap { invoice in
            invoice.lines.filter { $0.correctsLineID == id }.map { BilledLine(invoice: invoice, line: $0) }
        }
    }

    /// The other lines that bill the same use: of invoices that came before the period's end, and at its end.
    package func siblings(of line: InvoiceLine, _ company: Identifier<Company>) throws -> [BilledLine] {
        guard let basis = line.usageBasis, basis.isEarly || basis.billedEarly != nil else { return [] }
        return try invoices(of: company, limit: .max).reversed().flatMap { invoice in
            invoice.lines.filter {
                $0.id != line.id && $0.usageBasis?.meterID == basis.meterID && $0.usageBasis?.period == basis.period
                    && $0.featureID == line.featureID
            }.map { BilledLine(invoice: invoice, line: $0) }
        }
    }

    /// What a usage line's meter says of its period now; nil where a trait was billed.
    package func metered(_ line: InvoiceLine, of company: Identifier<Company>) throws -> Decimal? {
        guard let basis = line.usageBasis, let meter = basis.meterID else { return nil }
        let count = try engine.counters.sum(company: company, meter: meter, in: basis.period)
        return MeterUnit.quantity(count, ofMeter: meter.ordinal)
    }
}
