internal import Basics
internal import Hummingbird
internal import Model
internal import Store
internal import Tollgate

extension Routes {
    func addPlanTraits() {
        list("plan-traits", Self.planTraitFilter) { PlanTraitResponseData(trait: $0, view: $1) }
        one("plan-traits", id: "plan_trait_id") { PlanTraitResponseData(trait: $0, view: $1) }
        post("plan-traits/bulk") { call in
            let appliesToExisting: Bool = try call.body.required("apply_to_existing_companies")
            let command = SetPlanTraits(
                planID: try call.body.required("plan_id"),
                traits: try call.body.requiredObjects("traits").map { fields throws(Refusal) in
                    PlanTraitInput(
                        traitID: try fields.required("trait_id"), value: try fields.required("trait_value"))
                })
            let traits = try await call.execute(command)
            if appliesToExisting { try await call.applyTraits(of: command.planID) }
            return try call.answer { view in traits.map { PlanTraitResponseData(trait: $0, view: view) } }
        }
    }

    private static let planTraitFilter: Filter<PlanTrait> = { query, _ in
        let ids: OneOf<Identifier<PlanTrait>> = try query.oneOf("ids")
        let plans: OneOf<Identifier<Plan>> = try query.oneOf(single: "plan_id")
        let traits: OneOf<Identifier<TraitDefinition>> = try query.oneOf("trait_ids", single: "trait_id")
        return { ids.allows($0.id) && plans.allows($0.planID) && traits.allows($0.traitID) }
    }
}

extension Call {
    /// In steps, so that nobody waits long for a plan of many companies. Whoever comes to the plan meanwhile has taken
    /// its traits already.
    fileprivate func applyTraits(of plan: Identifier<Plan>) async throws {
        let companies = try engine.read(environment) { view in
            try view.list(Company.self, limit: .max) { $0.plan?.planID == plan }.map(\.id)
        }
        for start in stride(from: 0, to: companies.count, by: 256) {
            let some = Array(companies[start..<min(start + 256, companies.count)])
            try await execute(ApplyPlanTraits(planID: plan, companyIDs: some))
        }
    }
}

struct PlanTraitResponseData: WireObject {
    let trait: PlanTrait
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", trait.id)
        json.field("account_id", Account.id)
        json.field("environment_id", view.environment.id)
        json.field("plan_id", trait.planID)
        json.field("plan_type", view.get(trait.planID)?.type ?? .plan)
        json.field("trait_id", trait.traitID)
        json.field("trait_value", trait.value.text)
        json.field("created_at", trait.createdAt)
        json.field("updated_at", trait.updatedAt)
    }
}
