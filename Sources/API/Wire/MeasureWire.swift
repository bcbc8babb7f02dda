internal import Model

extension Aggregation: FieldValue {}
extension TraitFilter.Operator: FieldValue {}

extension Fields {
    /// The measure in a feature's body; nil where the body says nothing of it. What it does not say of one is as in
    /// `former`; `aggregation` begins anew.
    func measure(changing former: Measure? = nil) throws(Refusal) -> Measure? {
        let aggregation: Aggregation? = try optional("aggregation")
        let valueTrait: String? = try optional("value_trait")
        let uniqueTrait: String? = try optional("unique_trait")
        let hasFilters = values["filters"].map { $0 != .null } ?? false
        let places: Int64? = try optional("quantity_decimals")
        let source: EventSource? = try optional("event_source")
        guard
            source == .inference || aggregation != nil || valueTrait != nil || uniqueTrait != nil || hasFilters
                || places != nil
        else {
            return nil
        }
        var measure = aggregation.map { Measure($0) } ?? former ?? Measure()
        if let places {
            guard (0...9).contains(places) else {
                throw .invalid("quantity_decimals must be between 0 and 9, not \(places)")
            }
            measure.places = places == 0 ? nil : Int(places)
        } else if aggregation != nil {
            measure.places = former?.places
        }
        measure.source = source == .inference ? source : former?.source
        // An empty name takes back an earlier one.
        if let valueTrait { measure.valueTrait = valueTrait.isEmpty ? nil : valueTrait }
        if let uniqueTrait { measure.uniqueTrait = uniqueTrait.isEmpty ? nil : uniqueTrait }
        if hasFilters {
            measure.filters = []
            for filter in try objects("filters") { measure.filters.append(try filter.filter()) }
        }
        return measure
    }

    private func filter() throws(Refusal) -> TraitFilter {
        let value: JSON = try required("value")
        var values = [value]
        if case .array(let elements) = value { values = elements }
        return TraitFilter(trait: try required("trait"), operator: try required("operator"), values: values)
    }
}

struct TraitFilterWire: WireObject {
    let filter: TraitFilter

    func writeFields(to json: inout JSONWriter) {
        json.field("trait", filter.trait)
        json.field("operator", filter.operator)
        if filter.operator == .isIn {
            json.field("value", filter.values)
        } else {
            json.field("value", filter.values[0])
        }
    }
}

extension Feature {
    /// What of the feature's event counts, as every answer about the feature says it.
    func writeMeasure(to json: inout JSONWriter) {
        let measure = measure ?? Measure()
        json.field("aggregation", measure.aggregation)
        json.field("value_trait", measure.valueTrait)
        json.field("unique_trait", measure.uniqueTrait)
        json.field("filters", measure.filters.map(TraitFilterWire.init))
        json.field("quantity_decimals", measure.places ?? 0)
    }
}
