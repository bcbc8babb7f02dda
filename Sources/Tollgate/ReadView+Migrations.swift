internal import Basics
package import Billing
internal import Model

extension ReadView {
    /// How many companies a preview shows that names none.
    private static let previewLimit = 1_000

    /// What publishing a version would do.
    package func preview(_ publication: PublishPlanVersion) throws -> PreviewPublication.Outcome {
        try engine.rehearse(PreviewPublication(publication: publication), in: runtime.id, at: now)
    }

    /// What a migration would do with the companies that it names, else with those on the plan's other versions.
    package func preview(_ migration: PreviewMigration) throws -> [PreviewMigration.Company] {
        var migration = migration
        if migration.companyIDs == nil {
            let companies = try list(Company.self, limit: Self.previewLimit) { company in
                guard let plan = company.assignments.first(where: { $0.planID == migration.planID }) else {
                    return false
                }
                return migration.fromVersionIDs?.contains(plan.versionID) ?? (plan.versionID != migration.toVersionID)
            }
            migration.companyIDs = companies.map(\.id)
        }
        return try engine.rehearse(migration, in: runtime.id, at: now)
    }
}
