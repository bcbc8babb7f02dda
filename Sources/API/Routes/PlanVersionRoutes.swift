internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// What a version changes, and what publishing it would do.
    func addPlanVersionViews() {
        get("plans/version/:plan_version_id/diff") { call in
            let against: Identifier<PlanVersion>? = try call.query.optional("against")
            return try call.answer { view in
                let version: PlanVersion = try call.found("plan_version_id", in: view)
                guard let plan = view.get(version.planID) else {
                    throw Refusal.missing("plan_id", version.planID.description)
                }
                if let against, !plan.versionIDs.contains(against) {
                    throw Refusal.notFound("against: plan \(plan.id) has no version \(against)")
                }
                let earlier = plan.versionIDs.last { $0 < version.id }
                let published = plan.publishedVersionID == version.id ? nil : plan.publishedVersionID
                let other = against ?? (version.status == .draft ? published : earlier)
                return PlanVersionDiffResponseData(
                    plan: plan, old: other.flatMap { view.get($0) }, new: version, view: view)
            }
        }
        post("plans/version/:plan_version_id/publish-preview", .read) { call in
            let publication = try call.publication()
            let activation: CustomPlanActivation? = try call.body.optional("activation_strategy")
            let email: String? = try call.body.optional("customer_email")
            let days: Int64? = try call.body.optional("days_until_due")
            return try call.answer { view in
                PublishPreviewResponseData(
                    outcome: try view.reading.preview(publication), isPaidFirst: activation == .onPayment,
                    email: email, daysUntilDue: days, now: view.now)
            }
        }
        get("plans/issues") { call in
            let planID: Identifier<Plan> = try call.query.required("plan_id")
            let versionID: Identifier<PlanVersion>? = try call.query.optional("plan_version_id")
            return try call.answer { view -> [PlanIssue] in
                guard let plan = view.get(planID) else { throw Refusal.missing("plan_id", planID.description) }
                if let versionID, !plan.versionIDs.contains(versionID) {
                    throw Refusal.missing("plan_version_id", versionID.description)
                }
                guard let draft = plan.draftVersionID, versionID ?? draft == draft else { return [] }
                let publication = PublishPlanVersion(versionID: draft, migrationStrategy: .leave)
                let problem = try view.reading.preview(publication).problem
                return problem.map { [PlanIssue(versionID: draft, problem: $0)] } ?? []
            }
        }
    }
}
