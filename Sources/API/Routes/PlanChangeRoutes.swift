internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// What changed the plans of companies.
    func addPlanChangeLog() {
        get("plan-changes") { call in
            let page = try call.query.page()
            let companies: OneOf<Identifier<Company>> = try call.query.oneOf("company_ids", single: "company_id")
            let action: PlanChangeAction? = try call.query.optional("action")
            let basePlanAction: BasePlanAction? = try call.query.optional("base_plan_action")
            return try call.answer { view in
                let only = companies.values.flatMap { $0.count == 1 ? $0.first : nil }
                return try view.reading.planChanges(of: only, offset: page.offset, limit: page.limit) { change in
                    companies.allows(change.companyID) && action.map { change.cause.action == $0 } ?? true
                        && basePlanAction.map { change.cause.basePlanAction == $0 } ?? true
                }.map { PlanChangeResponseData(change: $0, view: view) }
            }
        }
        one("plan-changes", id: "plan_change_id") { (change: PlanChange, view) in
            PlanChangeResponseData(change: change, view: view)
        }
    }
}

extension PlanChangeAction: FieldValue {}
extension BasePlanAction: FieldValue {}
