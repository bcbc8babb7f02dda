internal import Basics
internal import Entitlements
internal import Model

extension Scenario {
    /// A flag that is on when `left operator right`, for each operator. `line` has the type, left and right.
    static func comparisons(_ line: String, comparesTraits: Bool) -> [Scenario] {
        let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        precondition(cells.count == 3, "a comparison is a type, a left and a right side, not: \(line)")
        return ComparableOperator.allCases.map { comparison in
            var scenario = Scenario(.boolean)
            var company = Company()
            var condition: Condition
            let left = cells[1] == "none" ? nil : cells[1]
            let limit = scenario.define(2, cells[0] == "metric" ? .number : TraitType(rawValue: cells[0])!)
            if cells[0] == "metric" {
                condition = Condition(id: .init(ordinal: 1), type: .metric, operator: comparison)
                condition.eventSubtype = "api-call"
                condition.metricValue = comparesTraits ? 0 : Int64(cells[2])!
                company.counters[Counter(event: "api-call", span: .allTime)] = left.map { Int64($0)! }
            } else {
                condition = Condition(id: .init(ordinal: 1), type: .trait, operator: comparison)
                condition.traitID = scenario.define(1, TraitType(rawValue: cells[0])!)
                condition.traitValue = comparesTraits ? "" : cells[2]
                company.traits[condition.traitID!] = left
            }
            if comparesTraits {
                condition.comparisonTraitID = limit
                company.traits[limit] = cells[2]
            }
            scenario.company = company
            scenario.flag.rules = [
                Rule(
                    id: .init(ordinal: 1), type: .standard, name: "Compared", priority: 0, value: true,
                    conditions: [condition], conditionGroups: [], createdAt: scenario.now)
            ]
            return scenario
        }
    }

    @discardableResult
    mutating func define(
        _ ordinal: UInt64, _ type: TraitType, of entity: EntityType = .company
    ) -> Identifier<TraitDefinition> {
        let id = Identifier<TraitDefinition>(ordinal: ordinal)
        definitions[id] = TraitDefinition(
            id: id, entityType: entity, hierarchy: ["trait\(ordinal)"], traitType: type, createdAt: now)
        return id
    }
}
