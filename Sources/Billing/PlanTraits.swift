internal import Basics
internal import Model
internal import Store

extension Transaction {
    /// A company that has come to another plan takes what that one writes onto companies.
    func takePlanTraits(_ id: Identifier<Company>, comingFrom before: PlanAssignment?) throws {
        var company = try require(id, "company")
        guard let plan = company.plan?.planID, plan != before?.planID else { return }
        let traits = try all(PlanTrait.self).filter { $0.planID == plan }
        guard !traits.isEmpty else { return }
        company.take(traits)
        try put(company)
    }
}
