package import Basics
internal import Catalog
package import Model
package import Store

/// What a migration would do with each company, if it ran now: rehearsed, never carried out.
package struct PreviewMigration: Command {
    package static let name = "preview_migration"

    package let planID: Identifier<Plan>
    package let toVersionID: Identifier<PlanVersion>
    /// Nil: all published and archived ones.
    package let fromVersionIDs: [Identifier<PlanVersion>]?
    package let planType: PlanType
    /// Whoever asks fills them in: a command cannot look for them.
    package var companyIDs: [Identifier<Model.Company>]?

    package init(
        planID: Identifier<Plan>, to toVersionID: Identifier<PlanVersion>, from: [Identifier<PlanVersion>]?,
        planType: PlanType, companyIDs: [Identifier<Model.Company>]?
    ) {
        self.planID = planID
        self.toVersionID = toVersionID
        fromVersionIDs = from
        self.planType = planType
        self.companyIDs = companyIDs
    }

    package struct Company: Sendable {
        package let id: Identifier<Model.Company>
        package let fromVersionID: Identifier<PlanVersion>?
        /// Whether the company would pay another amount in each period.
        package var hasBillingChanges = false
        package var willUpdateSubscription = false
        package var problem: Problem?
    }

    package struct Problem: Sendable {
        package let code: MigrationErrorCode
        package let message: String
    }

    package func apply(_ transaction: Transaction) throws -> [Company] {
        let plan = try transaction.require(planID, "plan")
        guard plan.type == planType else {
            throw Refusal.invalid(
                "target_plan_type is \(planType.rawValue), but plan \(planID) is of type \(plan.type.rawValue)")
        }
        let origins = try plan.migrationOrigins(fromVersionIDs, to: toVersionID, transaction)
        return try (companyIDs ?? []).map { id in
            guard let company = try transaction.get(id) else {
                throw Refusal.notFound("company_ids: company \(id) does not exist")
            }
            return try preview(company, origins, transaction)
        }
    }

    private func preview(
        _ company: Model.Company, _ origins: [Identifier<PlanVersion>], _ transaction: Transaction
    ) throws -> Company {
        var preview = Company(
            id: company.id, fromVersionID: company.assignments.first { $0.planID == planID }?.versionID)
        guard preview.fromVersionID.map(origins.contains) ?? false else {
            preview.problem = Problem(
                code: .notOnOriginVersion, message: "the company is on none of the versions that are migrated")
            return preview
        }
        switch try PlanChoice.version(toVersionID, for: company, transaction) {
        case .failure(let problem): preview.problem = Problem(code: problem.code, message: problem.message)
        case .success(let choice):
            guard let target = choice.target, let price = target.price,
                let running = try company.subscriptionID.flatMap({ try transaction.get($0) })
            else { return preview }
            preview.willUpdateSubscription = true
            let before = try BillingTerms(of: running, transaction)
            let after = try BillingTerms(of: running.with(target, price), transaction)
            preview.hasBillingChanges = !before.chargesAlike(after)
        }
        return preview
    }
}

extension Subscription {
    func with(_ target: PlanChoice.Target, _ price: Price) -> Subscription {
        var changed = self
        changed.versionID = target.version.id
        changed.priceID = price.id
        changed.payInAdvance = target.payInAdvance
        changed.addOns = target.subscribedAddOns
        return changed
    }
}

extension BillingTerms {
    /// Whether the same is charged for the same.
    func chargesAlike(_ other: BillingTerms) -> Bool {
        func prices(_ charges: [Charge]) -> [Identifier<Feature>: Price] {
            Dictionary(
                charges.map { ($0.feature.id, Price(model: $0.model, minimum: $0.minimum, maximum: $0.maximum)) }
            ) { first, _ in first }
        }
        return fees.map(\.price.amount) == other.fees.map(\.price.amount)
            && prices(ahead) == prices(other.ahead) && prices(arrears) == prices(other.arrears)
    }

    private struct Price: Equatable {
        let model: PriceModel
        let minimum: Int64?
        let maximum: Int64?
    }
}
