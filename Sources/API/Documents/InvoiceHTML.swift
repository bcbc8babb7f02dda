internal import Basics
internal import Model

/// An invoice as a page to read and print: no script, nothing from elsewhere, every text escaped.
struct InvoiceHTML {
    let invoice: Invoice
    /// Nil when the company was deleted.
    let company: Company?

    var page: String {
        let title = Self.escaped(invoice.number ?? "Draft invoice")
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(title)</title><style>
            body { font: 11pt sans-serif; margin: 2cm; } table { border-collapse: collapse; width: 100%; }
            th, td { text-align: left; padding: 4pt; border-bottom: 1px solid #ccc; vertical-align: top; }
            .n { text-align: right; white-space: nowrap; } small { color: #555; } .hash { font: 7pt monospace; }
            </style></head><body>
            <h1>Invoice \(title)</h1>
            <p>\(Self.escaped(company?.name ?? invoice.companyID.description))</p>
            <table>\(facts)</table>
            <h2>Lines</h2>
            <table><tr><th>Description</th><th>Period</th><th class="n">Quantity</th><th class="n">Amount</th></tr>
            \(invoice.lines.map(row).joined(separator: "\n"))
            </table>
            <h2>Total</h2>
            <table>\(totals)</table>
            \(invoice.seal.map { "<p class=\"hash\">SHA-256 \($0.digest.hex)</p>" } ?? "")
            </body></html>

            """
    }

    private var facts: String {
        var facts = [
            ("Status", invoice.status.rawValue), ("Period", Self.text(invoice.period)),
            ("Issued", invoice.finalizedAt?.rfc3339 ?? "not yet"),
        ]
        if let due = invoice.dueAt { facts.append(("Due", due.rfc3339)) }
        return facts.map { "<tr><th>\($0.0)</th><td>\(Self.escaped($0.1))</td></tr>" }.joined()
    }

    private var totals: String {
        var sums = [("Subtotal", invoice.subtotal)]
        if invoice.discount != 0 { sums.append(("Discount", -invoice.discount)) }
        if invoice.tax != 0 { sums.append(("Tax", invoice.tax)) }
        sums.append(("Total", invoice.total))
        if invoice.amountPaid != 0 { sums.append(("Paid", -invoice.amountPaid)) }
        if let credits = invoice.credits { sums.append(("Credited", -credits.total)) }
        sums.append(("Remaining", invoice.amountRemaining))
        return sums.map { "<tr><th>\($0.0)</th><td class=\"n\">\(money($0.1))</td></tr>" }.joined()
    }

    private func row(_ line: InvoiceLine) -> String {
        let contained = line.derivation?.taxRate?.isInclusive == true ? line.derivation?.tax : nil
        return "<tr><td>\(Self.escaped(line.description))<br><small>\(line.type.rawValue)</small></td>"
            + "<td>\(Self.text(line.period))</td><td class=\"n\">\(line.quantity)</td>"
            + "<td class=\"n\">\(contained.map { "contained: \(money($0))" } ?? money(line.amount))</td></tr>"
    }

    private func money(_ minorUnits: Int64) -> String {
        Money(minorUnits: minorUnits, currency: invoice.currency).description
    }

    private static func text(_ period: Period) -> String { "\(period.start.rfc3339) – \(period.end.rfc3339)" }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
