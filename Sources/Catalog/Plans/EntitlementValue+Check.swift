internal import Model
internal import Store

extension EntitlementValue {
    /// The value without fields that its type has no use for. Refuses one that does not fit the feature.
    func checked(for feature: Feature, _ transaction: Transaction) throws -> EntitlementValue {
        try checkWindow(for: feature)
        var checked = EntitlementValue(type: type)
        checked.metricPeriod = metricPeriod
        checked.metricPeriodMonthReset = metricPeriodMonthReset
        guard (type == .boolean) == (feature.type == .boolean) else {
            throw Refusal.invalid(
                "a value of type \(type.rawValue) does not fit \"\(feature.name)\", \(feature.type.words)")
        }
        switch type {
        case .boolean:
            guard let bool else { throw Refusal.invalid("a boolean value needs value_bool") }
            checked.bool = bool
        case .numeric:
            guard let numeric else { throw Refusal.invalid("a numeric value needs value_numeric") }
            guard numeric >= 0 else { throw Refusal.invalid("value_numeric cannot be negative, as \(numeric) is") }
            checked.numeric = numeric
        case .unlimited: break
        case .trait:
            guard let traitID else { throw Refusal.invalid("a trait value needs value_trait_id") }
            try transaction.checkCompanyTrait(traitID)
            checked.traitID = traitID
        }
        return checked
    }

    /// Windows are for what events count: a trait is what it is now.
    func checkWindow(for feature: Feature) throws(Refusal) {
        guard metricPeriod == nil || feature.type == .event else {
            throw .invalid(
                "metric_period is for event features, \"\(feature.name)\" is \(feature.type.words)")
        }
        guard metricPeriodMonthReset == nil || metricPeriod == .currentMonth else {
            throw .invalid("metric_period_month_reset needs metric_period current_month")
        }
    }
}
