internal import Billing
internal import Model
internal import Rating

/// The seals of an environment's invoices, while `verify` looks whether each fits its invoice and the one before.
struct SealChain {
    private var links: [(number: UInt64, id: Identifier<Invoice>, seal: InvoiceSeal?)] = []

    /// Takes in a finalised invoice; answers what is wrong with it by itself.
    mutating func add(_ invoice: Invoice) throws -> String? {
        guard let number = invoice.number.flatMap({ UInt64($0.drop { !$0.isNumber }) }) else {
            return "invoice \(invoice.id) has no number"
        }
        links.append((number, invoice.id, invoice.seal))
        if !invoice.isSealIntact { return "invoice \(invoice.id) is not what its seal says" }
        let derived = try derivedLines(from: invoice.charges, invoice.terms)
        let lines = invoice.lines.filter(\.isDerived)
        guard derived.map(\.amount) == lines.map(\.amount), derived.map(\.type) == lines.map(\.type) else {
            return "invoice \(invoice.id) has other discounts or taxes than its lines and terms make"
        }
        return nil
    }

    /// What is wrong with the numbers and with the seals among each other. Invoices from before there were seals have
    /// none, and no sealed one comes before them.
    func findings() -> [String] {
        var findings: [String] = []
        var last: (number: UInt64, seal: InvoiceSeal?)?
        for link in links.sorted(by: { $0.number < $1.number }) {
            if link.number != (last?.number ?? 0) + 1 {
                findings.append("invoice \(link.id): number \(link.number) does not follow \(last?.number ?? 0)")
            }
            if link.seal == nil ? last?.seal != nil : link.seal?.previous != last?.seal?.digest {
                findings.append("invoice \(link.id): its seal does not follow the one of the invoice before")
            }
            last = (link.number, link.seal)
        }
        return findings
    }
}
