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

    /// What a usage line's meter says of its period now; nil where a trait was billed.
    package func metered(_ line: InvoiceLine, of company: Identifier<Company>) throws -> Int64? {
        guard let basis = line.usageBasis, let meter = basis.meterID else { return nil }
        return try engine.counters.sum(company: company, meter: meter, in: basis.period)
    }
}
