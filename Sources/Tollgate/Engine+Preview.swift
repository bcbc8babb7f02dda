package import Billing
internal import Entitlements
package import Model
internal import Store

extension Engine {
    /// What a plan change would do if it were made now. Runs the change itself, on a transaction that is thrown away;
    /// what has fallen due is done before, as it would be.
    package func preview(_ change: ManagePlan, in environment: EnvironmentID) async throws -> PlanChangePreview {
        _ = try requireRuntime(environment)
        try await closeDue(in: environment)
        return try committer.gate.exclusive {
            let transaction = transaction(in: environment, at: now(in: environment))
            return try Self.refusingOverflow { try change.preview(transaction) }
        }
    }
}

extension FeatureUsage {
    /// What a company would have of a feature whose limit it has passed.
    package init(_ violation: UsageViolation, entitlement: PlanEntitlement?, override: CompanyOverride?) {
        self.init(
            feature: violation.feature, grant: violation.grant, planEntitlement: entitlement, override: override,
            usage: violation.usage, exactUsage: nil, held: 0, billedQuantity: nil, resetAt: violation.window.end,
            price: nil)
    }
}
