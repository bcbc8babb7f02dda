package import Basics
package import Model
package import Store

extension Transaction {
    /// How many companies are on these versions.
    package func companyCount(on versions: [Identifier<PlanVersion>]) throws -> Int64 {
        try versions.reduce(0) { try $0 + (get(use(of: $1))?.companies ?? 0) }
    }

    /// Notes that a company, which was on some versions, is on others now.
    package func countCompanies(from old: [PlanAssignment], to new: [PlanAssignment]) throws {
        let (left, joined) = (Set(old.map(\.versionID)), Set(new.map(\.versionID)))
        for version in left.subtracting(joined).sorted() { try count(-1, on: version) }
        for version in joined.subtracting(left).sorted() { try count(1, on: version) }
    }

    private func count(_ step: Int64, on version: Identifier<PlanVersion>) throws {
        let id = use(of: version)
        try put(PlanVersionUse(id: id, companies: (get(id)?.companies ?? 0) + step))
    }

    private func use(of version: Identifier<PlanVersion>) -> Identifier<PlanVersionUse> {
        Identifier(ordinal: version.ordinal)
    }
}
