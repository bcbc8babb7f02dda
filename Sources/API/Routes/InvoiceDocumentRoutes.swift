internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Invoices as documents, lines explained, and statements.
    func addInvoiceDocuments() {
        get("invoices/:invoice_id/pdf") { call in
            try call.document(type: "text/html; charset=utf-8") { invoice, view in
                InvoiceHTML(invoice: invoice, company: view.get(invoice.companyID)).page
            }
        }
        get("invoices/:invoice_id/export") { call in
            let format: ExportFormat = try call.query.optional("format") ?? .csv
            switch format {
            case .csv: return try call.document(type: "text/csv; charset=utf-8") { invoice, _ in invoice.csv }
            case .json:
                return try call.answer { view in
                    BillingInvoiceDetailResponseData(invoice: try call.invoice(in: view), now: view.now)
                }
            }
        }
        get("invoices/:invoice_id/lines/:line_id/explain") { call in try await call.explanation() }
        get("companies/:company_id/statement", .company) { call in
            let from: Timestamp? = try call.query.optional("from")
            let to: Timestamp? = try call.query.optional("to")
            if let from, let to, to < from { throw Refusal.invalid("to must not be before from") }
            let asked: Currency? = try call.query.optional("currency")
            return try call.answer { view in
                let company: Company = try call.found("company_id", in: view)
                return StatementResponseData(
                    company: company,
                    statement: try view.reading.statement(
                        of: company, in: asked ?? (try view.currency(of: company)), from: from, to: to),
                    from: from, to: to)
            }
        }
    }
}

enum ExportFormat: String, CaseIterable, FieldValue {
    case csv, json
}

extension WireView {
    /// Of the agreement to pay, else of the last invoice or change of the balance.
    func currency(of company: Company) throws -> Currency {
        if let subscription = company.subscriptionID.flatMap({ get($0) }) { return subscription.currency }
        return try reading.invoices(of: company.id, limit: 1).first?.currency
            ?? reading.balance(of: company)?.amounts.last?.currency ?? .usd
    }
}

extension Call {
    /// An invoice as a text that is not JSON.
    fileprivate func document(
        type: String, _ make: (Invoice, WireView) throws -> String
    ) throws -> Answer {
        try engine.read(environment) { reading in
            let view = WireView(reading)
            let text = try make(try invoice(in: view), view)
            if let failure = view.failure { throw failure }
            return Answer(document: text, type: type)
        }
    }

    fileprivate func explanation() async throws -> Answer {
        let page = try query.page()
        let lineID: Identifier<InvoiceLine> = try id("line_id")
        let (invoice, line, usage) = try engine.read(environment) { reading in
            let view = WireView(reading)
            let invoice = try self.invoice(in: view)
            guard let line = invoice.lines.first(where: { $0.id == lineID }) else {
                throw Refusal.missing("line_id", lineID.description)
            }
            let usage =
                line.type == .usage
                ? BilledLine(invoice: invoice, line: line)
                : try line.correctsLineID.flatMap { try reading.line($0, of: invoice.companyID) }
            return (invoice, line, usage)
        }
        var events: LineEvents?
        if let basis = usage?.line.usageBasis, let meter = basis.meterID {
            events = try await engine.events(
                of: invoice.companyID, under: meter, in: basis.period, environment, offset: page.offset,
                limit: page.limit)
        }
        return try answer { view in
            let siblings = try usage.map { try view.reading.siblings(of: $0.line, invoice.companyID) } ?? []
            let lines = (usage.map { [$0] } ?? []) + siblings
            return LineExplanation(
                invoice: invoice, line: line, usageLine: usage,
                siblings: siblings,
                corrections: try lines.flatMap { try view.reading.corrections(of: $0.line.id, invoice.companyID) },
                metered: try usage.flatMap { try view.reading.metered($0.line, of: invoice.companyID) },
                events: events,
                source: line.derivation?.lineID.flatMap { id in invoice.lines.first { $0.id == id } })
        }
    }
}
