internal import Basics
internal import Model

/// The standard rules of a flag in the order in which they are asked, laid out flat: to ask a rule that does not match
/// touches its conditions and nothing else.
struct StandardRules: Sendable {
    /// By ascending priority, then as stored.
    let rules: [CompiledRule]
    /// Of all rules, one after another: those that must all hold, then group by group those of which one must.
    let conditions: [CompiledCondition]
    /// Where in `conditions` each group ends, of all rules one after another.
    private let groupEnds: [Int]
    private let shapes: [Shape]

    private struct Shape {
        /// Where in `conditions` those end that must all hold, and where all of the rule's end.
        let allEnd: Int
        let end: Int
        /// Where in `groupEnds` the rule's groups end.
        let groupsEnd: Int
    }

    init(
        _ rules: [Rule], _ definitions: [Identifier<TraitDefinition>: TraitDefinition], _ meters: [String: Meter]
    ) {
        let sorted = rules.sorted { $0.priority < $1.priority }
        var (conditions, groupEnds, shapes): ([CompiledCondition], [Int], [Shape]) = ([], [], [])
        for rule in sorted {
            conditions += rule.conditions.map { CompiledCondition($0, definitions, meters) }
            let allEnd = conditions.count
            for group in rule.conditionGroups {
                conditions += group.conditions.map { CompiledCondition($0, definitions, meters) }
                groupEnds.append(conditions.count)
            }
            shapes.append(Shape(allEnd: allEnd, end: conditions.count, groupsEnd: groupEnds.count))
        }
        self.rules = sorted.map(CompiledRule.init)
        self.conditions = conditions
        self.groupEnds = groupEnds
        self.shapes = shapes
    }

    /// The place of the first rule that matches; nil when none does.
    @inline(__always)
    func first<Failure: Error>(
        where holds: (CompiledCondition) throws(Failure) -> Bool
    ) throws(Failure) -> Int? {
        var (start, group) = (0, 0)
        for place in shapes.indices {
            let shape = shapes[place]
            if try all(start..<shape.allEnd, holds),
                try oneOfEach(group..<shape.groupsEnd, from: shape.allEnd, holds)
            {
                return place
            }
            start = shape.end
            group = shape.groupsEnd
        }
        return nil
    }

    @inline(__always)
    private func all<Failure: Error>(
        _ places: Range<Int>, _ holds: (CompiledCondition) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        for place in places {
            if try !holds(conditions[place]) { return false }
        }
        return true
    }

    @inline(__always)
    private func oneOfEach<Failure: Error>(
        _ groups: Range<Int>, from first: Int, _ holds: (CompiledCondition) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        var start = first
        for group in groups {
            var place = start
            while place < groupEnds[group], try !holds(conditions[place]) { place += 1 }
            if place == groupEnds[group] { return false }
            start = groupEnds[group]
        }
        return true
    }
}
