internal import Basics
internal import Model
internal import Tollgate

struct PlanVersionMigrationResponseData: WireObject {
    let migration: PlanVersionMigration

    func writeFields(to json: inout JSONWriter) {
        json.field("id", migration.id)
        json.field("plan_id", migration.planID)
        json.field("plan_version_id_from", migration.fromVersionIDs.count == 1 ? migration.fromVersionIDs[0] : nil)
        json.field("plan_version_ids_from", migration.fromVersionIDs)
        json.field("plan_version_id_to", migration.toVersionID)
        json.field("strategy", migration.strategy)
        json.field("proration_behavior", migration.proration)
        json.field("scheduled_at", migration.scheduledAt)
        json.field("status", migration.status)
        json.field("total_companies", migration.total)
        json.field("completed_companies", migration.completed)
        json.field("failed_companies", migration.failed)
        json.field("skipped_companies", migration.skipped)
        json.field("cancelled_companies", migration.cancelled)
        json.field("error", migration.error)
        json.field("next_due_at", migration.dueAt)
        json.field("started_at", migration.startedAt)
        json.field("completed_at", migration.completedAt)
        json.field("created_at", migration.createdAt)
        json.field("updated_at", migration.updatedAt)
    }
}

struct PlanVersionCompanyMigrationResponseData: WireObject {
    let record: CompanyMigration
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", record.id)
        json.field("migration_id", record.migrationID)
        json.field("company_id", record.companyID)
        json.field("company_name", view.get(record.companyID)?.name ?? "")
        json.field("plan_version_id_from", record.fromVersionID)
        json.field("status", record.status)
        json.field("scheduled_for", record.scheduledFor)
        json.field("error_code", record.errorCode)
        json.field("error", record.error)
        json.field("started_at", record.startedAt)
        json.field("completed_at", record.completedAt)
        json.field("created_at", record.createdAt)
        json.field("updated_at", record.updatedAt)
    }
}

/// What a company's subscription waits for.
struct PendingMigrationResponseData: WireObject {
    let record: CompanyMigration
    let migration: PlanVersionMigration
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("migration_id", migration.id)
        json.field("strategy", migration.strategy)
        json.field("proration_behavior", migration.proration)
        json.field("scheduled_for", record.scheduledFor)
        json.field("effective_at", record.scheduledFor)
        json.field("to_plan_id", migration.planID)
        json.field("to_plan_name", view.get(migration.planID)?.name ?? "")
        json.field("to_plan_version_id", migration.toVersionID)
        json.field("to_plan_version_number", view.get(migration.toVersionID)?.number)
    }
}

extension WireView {
    func pendingMigration(of subscription: Subscription?) -> PendingMigrationResponseData? {
        guard let record = subscription?.migrationID.flatMap({ get($0) }), let migration = get(record.migrationID)
        else { return nil }
        return PendingMigrationResponseData(record: record, migration: migration, view: self)
    }
}

struct PlanVersionMigrationPreviewResponseData: WireObject {
    let companies: [PreviewMigration.Company]

    func writeFields(to json: inout JSONWriter) {
        json.field("has_billing_changes", companies.contains(where: \.hasBillingChanges))
        json.field("companies", companies.map(PlanVersionMigrationPreviewCompanyResponseData.init))
    }
}

struct PlanVersionMigrationPreviewCompanyResponseData: WireObject {
    let company: PreviewMigration.Company

    func writeFields(to json: inout JSONWriter) {
        json.field("company_id", company.id)
        json.field("plan_version_id_from", company.fromVersionID)
        json.field("has_billing_changes", company.hasBillingChanges)
        json.field("has_custom_pricing", false)
        json.field("will_update_subscription", company.willUpdateSubscription)
        json.field("would_fail", company.problem != nil)
        json.field("note", company.problem?.message)
        json.field("notes") { json in
            json.array { json in
                guard let problem = company.problem else { return }
                json.object {
                    $0.field("blocking", true)
                    $0.field("code", problem.code)
                    $0.field("message", problem.message)
                }
            }
        }
    }
}
