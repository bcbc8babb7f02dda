internal import Basics
internal import Hummingbird
internal import Model
internal import Store
internal import Tollgate

extension Routes {
    func addInvoices() {
        addCreditNotes()
        addInvoiceDocuments()
        get("invoices", .company) { call in
            let page = try call.query.page()
            return try call.answer { view in
                try call.invoices(view, offset: page.offset, limit: page.limit)
                    .map { BillingInvoiceResponseData(invoice: try view.reading.present($0), now: view.now) }
            }
        }
        get("invoices/count", .company) { call in
            try call.answer { CountResponse(count: try call.invoices($0, offset: 0, limit: .max).count) }
        }
        get("invoices/:invoice_id") { call in
            try call.answer { BillingInvoiceDetailResponseData(invoice: try call.invoice(in: $0), now: $0.now) }
        }
        post("invoices/:invoice_id/finalize") { call in
            try await call.invoice(FinalizeInvoice(invoiceID: try call.id("invoice_id")))
        }
        post("invoices/:invoice_id/void") { call in
            try await call.invoice(VoidInvoice(invoiceID: try call.id("invoice_id")))
        }
        post("invoices/:invoice_id/mark-uncollectible") { call in
            var mark = MarkInvoiceUncollectible(invoiceID: try call.id("invoice_id"))
            mark.cause = PlanChangeCause(.subscriptionChange, by: call.key.id)
            return try await call.invoice(mark)
        }
        post("invoices/:invoice_id/mark-paid") { call in
            var command = MarkInvoicePaid(
                invoiceID: try call.id("invoice_id"), idempotencyKey: try call.body.required("idempotency_key"))
            command.amount = try call.body.optional("amount")
            command.reference = try call.body.optional("reference")
            command.settledAt = try call.body.optional("settled_at")
            return try await call.invoice(command)
        }
    }
}

extension Call {
    /// The invoice that the path names, as it is now.
    func invoice(in view: WireView) throws -> Invoice {
        try view.reading.present(try found("invoice_id", in: view))
    }

    fileprivate func invoice<C: Command>(_ command: C) async throws -> Answer where C.Outcome == Invoice {
        let invoice = try await execute(command)
        return try answer { BillingInvoiceDetailResponseData(invoice: invoice, now: $0.now) }
    }

    /// Filtered by company, status and period: invoices whose period touches [`start_time`, `end_time`), which
    /// may also be called as the invoice calls them.
    fileprivate func invoices(_ view: WireView, offset: Int, limit: Int) throws -> [Invoice] {
        let company: Identifier<Company>? = try query.optional("company_id")
        let statuses: OneOf<InvoiceStatus> = try query.oneOf(single: "status")
        let states: OneOf<InvoiceDocumentState> = try query.oneOf(single: "document_state")
        let pastDue: Bool? = try query.optional("past_due")
        let start: Timestamp? = try query.optional("start_time") ?? query.optional("period_start")
        let end: Timestamp? = try query.optional("end_time") ?? query.optional("period_end")
        let search = try query.search()
        let now = view.now
        return try view.reading.invoices(of: company, offset: offset, limit: limit) { invoice in
            statuses.allows(invoice.status) && states.allows(invoice.documentState)
                && (pastDue == nil || pastDue == invoice.isPastDue(at: now))
                && (start.map { $0 < invoice.period.end } ?? true) && (end.map { invoice.period.start < $0 } ?? true)
                && search.allows(invoice.number.map { [$0] } ?? [])
        }
    }
}
