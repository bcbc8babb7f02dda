internal import Model

extension Measure {
    /// Refuses what cannot be counted, or would silently not count.
    func check() throws(Refusal) {
        switch aggregation {
        case .sum, .max, .latest: break
        case .count, .uniqueCount:
            guard valueTrait == nil else {
                throw .invalid("aggregation \(aggregation.rawValue) has no value_trait")
            }
        }
        guard (uniqueTrait != nil) == (aggregation == .uniqueCount) else {
            throw .invalid(
                uniqueTrait == nil
                    ? "aggregation unique_count needs a unique_trait"
                    : "aggregation \(aggregation.rawValue) has no unique_trait")
        }
        if let places {
            guard (1...PriceModel.maximumQuantityPlaces).contains(places) else {
                throw .invalid("quantity_decimals must be between 0 and 9, not \(places)")
            }
            guard aggregation != .count, aggregation != .uniqueCount else {
                throw .invalid("aggregation \(aggregation.rawValue) has no quantity_decimals")
            }
        }
        try valueTrait?.check(as: "value_trait", limit: Limits.traitNameBytes)
        try uniqueTrait?.check(as: "unique_trait", limit: Limits.traitNameBytes)
        guard filters.count <= Limits.filters else {
            throw .invalid("\(filters.count) filters, at most \(Limits.filters) are allowed")
        }
        for filter in filters { try filter.check() }
    }
}

extension TraitFilter {
    fileprivate func check() throws(Refusal) {
        try trait.check(as: "a filter's trait", limit: Limits.traitNameBytes)
        let name = "the filter on \"\(trait)\""
        if self.operator == .isIn {
            guard !values.isEmpty, values.count <= Limits.filterValues else {
                throw .invalid("\(name) has \(values.count) values, between 1 and \(Limits.filterValues) are allowed")
            }
        } else {
            guard values.count == 1 else {
                throw .invalid("\(name) compares with one value by \(self.operator.rawValue), not \(values.count)")
            }
        }
        for value in values {
            switch value {
            case .string(let text): try text.checkOptional(as: "a value of \(name)")
            case .number(let literal):
                guard Decimal(literal: literal) != nil else {
                    throw .invalid("\(name) names a number of too many digits: \(literal.prefix(64))")
                }
            case .bool:
                guard [.eq, .ne, .isIn].contains(self.operator) else {
                    throw .invalid("\(name) cannot order true and false by \(self.operator.rawValue)")
                }
            case .null, .array, .object: throw .invalid("\(name) needs texts, numbers or booleans to compare with")
            }
        }
    }
}
