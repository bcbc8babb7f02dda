internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Plan changes that wait for their instant.
    func addScheduledCheckouts() {
        get("scheduled-checkout") { call in
            let page = try call.query.page()
            let companies: OneOf<Identifier<Company>> = try call.query.oneOf(single: "company_id")
            let status: ScheduledCheckoutStatus? = try call.query.optional("status")
            return try call.answer { view in
                try view.reading.list(ScheduledCheckout.self, offset: page.offset, limit: page.limit) {
                    companies.allows($0.companyID) && (status == nil || status == $0.status)
                }.map { ScheduledCheckoutResponseData(checkout: $0, view: view) }
            }
        }
        one("scheduled-checkout", id: "scheduled_checkout_id") { (checkout: ScheduledCheckout, view) in
            ScheduledCheckoutResponseData(checkout: checkout, view: view)
        }
        post("scheduled-checkout") { call in
            let schedule = ScheduleCheckout(
                companyID: try call.body.required("company_id"), from: try call.body.required("from_plan_id"),
                to: try call.body.required("to_plan_id"), executeAfter: try call.body.required("execute_after"),
                cause: PlanChangeCause(.checkout, by: call.key.id))
            let checkout = try await call.execute(schedule)
            return try call.answer(.created) { ScheduledCheckoutResponseData(checkout: checkout, view: $0) }
        }
        put("scheduled-checkout/:scheduled_checkout_id") { call in
            var update = UpdateScheduledCheckout(checkoutID: try call.id("scheduled_checkout_id"))
            update.executeAfter = try call.body.optional("execute_after")
            update.status = try call.body.optional("status")
            let checkout = try await call.execute(update)
            return try call.answer { ScheduledCheckoutResponseData(checkout: checkout, view: $0) }
        }
    }
}
