internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Store
internal import Tollgate

extension Routes {
    func addMigrations() {
        let path = "plan-version-migrations"
        list(path, Self.migrationFilter) { migration, _ in PlanVersionMigrationResponseData(migration: migration) }
        one(path, id: "plan_version_migration_id") { migration, _ in
            PlanVersionMigrationResponseData(migration: migration)
        }
        post(path) { call in
            try await call.run(try call.body.createMigration(), .created)
        }
        post("\(path)/preview") { call in
            let preview = try call.body.migrationPreview()
            return try call.answer { view in
                PlanVersionMigrationPreviewResponseData(companies: try view.reading.preview(preview))
            }
        }
        post("\(path)/:plan_version_migration_id/cancel") { call in
            try await call.run(CancelMigration(migrationID: try call.id("plan_version_migration_id")))
        }
        post("\(path)/:plan_version_migration_id/complete-now") { call in
            var command = CompleteMigrationNow(migrationID: try call.id("plan_version_migration_id"))
            command.proration = try call.body.optional("proration_behavior")
            return try await call.run(command)
        }
        post("\(path)/:plan_version_migration_id/retry") { call in
            try await call.run(
                RetryMigration(
                    migrationID: try call.id("plan_version_migration_id"),
                    errorCodes: try call.body.required("error_codes")))
        }
        addCompanyMigrations()
    }

    private func addCompanyMigrations() {
        let path = "plan-version-company-migrations"
        list(path, Self.recordFilter) { PlanVersionCompanyMigrationResponseData(record: $0, view: $1) }
        post("\(path)/:plan_version_company_migration_id/retry") { call in
            let record = try await call.execute(
                RetryCompanyMigration(recordID: try call.id("plan_version_company_migration_id")))
            return try call.answer { PlanVersionCompanyMigrationResponseData(record: record, view: $0) }
        }
    }

    private static let migrationFilter: Filter<PlanVersionMigration> = { query, _ in
        let version: Identifier<PlanVersion>? = try query.optional("plan_version_id")
        let statuses: OneOf<MigrationStatus> = try query.oneOf(single: "status")
        // What a feature's roll-out makes: there is none here.
        let rollout: String? = try query.optional("feature_plan_rollout_id")
        let feature: String? = try query.optional("feature_id")
        return { migration in
            guard rollout == nil, feature == nil, statuses.allows(migration.status) else { return false }
            return version.map { $0 == migration.toVersionID || migration.fromVersionIDs.contains($0) } ?? true
        }
    }

    private static let recordFilter: Filter<CompanyMigration> = { query, view in
        let migration: Identifier<PlanVersionMigration> = try query.required("migration_id")
        let statuses: OneOf<CompanyMigrationStatus> = try query.oneOf(single: "status")
        let search = try query.search()
        return { record in
            record.migrationID == migration && statuses.allows(record.status)
                && (search.text == nil || search.allows([view.get(record.companyID)?.name ?? ""]))
        }
    }
}

extension Call {
    /// Answers a command's migration, once what is due of it at once has been done.
    fileprivate func run<C: Command>(
        _ command: C, _ status: HTTPResponse.Status = .ok
    ) async throws -> Answer where C.Outcome == PlanVersionMigration {
        let id = try await execute(command).id
        try await engine.closeDue(in: environment)
        return try answer(status) { view in
            guard let migration = view.get(id) else {
                throw Refusal.missing("plan_version_migration_id", id.description)
            }
            return PlanVersionMigrationResponseData(migration: migration)
        }
    }
}

extension Fields {
    fileprivate func createMigration() throws(Refusal) -> CreateMigration {
        var input = MigrationInput(strategy: try required("strategy"))
        input.proration = try optional("proration_behavior")
        input.scheduledAt = try optional("scheduled_at")
        input.excludedCompanyIDs = try optional("excluded_company_ids") ?? []
        var command = CreateMigration(
            planID: try required("plan_id"), to: try required("plan_version_id_to"),
            planType: try required("target_plan_type"), input: input)
        command.fromVersionIDs = try named("plan_version_ids_from")
        command.companyIDs = try named("company_ids")
        return command
    }

    fileprivate func migrationPreview() throws(Refusal) -> PreviewMigration {
        PreviewMigration(
            planID: try required("plan_id"), to: try required("plan_version_id_to"),
            from: try named("plan_version_ids_from"), planType: try required("target_plan_type"),
            companyIDs: try named("company_ids"))
    }

    /// An empty list is like none.
    private func named<Noun>(_ name: String) throws(Refusal) -> [Identifier<Noun>]? {
        let ids: [Identifier<Noun>]? = try optional(name)
        return ids.flatMap { $0.isEmpty ? nil : $0 }
    }
}
