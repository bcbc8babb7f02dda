package import Basics
package import Model

/// A counter that a decision may read: the uses of one event, or a measure of them, over one span.
package struct MeterSpan: Hashable, Sendable {
    /// What other engines call it.
    package let event: String
    package let meter: Identifier<Meter>
    package let span: UsageSpan
}

extension CompiledFlag {
    /// The counters that conditions of the flag's own rules read. Those of other types than standard have none.
    package var meterSpans: Set<MeterSpan> {
        Set(
            standard.conditions.compactMap { condition in
                guard case .metric(let test) = condition else { return nil }
                return MeterSpan(event: test.event, meter: test.meter, span: test.span)
            })
    }

    /// The counter that a grant of the flag's feature is held against; nil when no event counts its use.
    package func meterSpan(of grant: Grant) -> MeterSpan? {
        guard case .event(let meter) = basis, let counterName else { return nil }
        return MeterSpan(event: counterName, meter: meter, span: grant.span)
    }
}

extension Feature {
    /// What other engines call the feature's counter. They know one counter of an event, the sum of its quantities, and
    /// add to it what they see themselves: so any other measure has a name that no event has.
    var counterName: String? {
        guard measure != nil, let meterID else { return eventSubtype }
        return eventSubtype.map { "\($0) (\(meterID))" }
    }
}

extension Standing {
    /// What is granted of a feature at an instant, plans first.
    package func liveGrants(of feature: Identifier<Feature>, at now: Timestamp) -> [Grant] {
        grants[places(of: feature)].filter { $0.isLive(at: now) }
    }
}

extension TraitType {
    /// A trait's text in the form that reads the same everywhere: engines disagree on dates without a time, and on
    /// integers with a fraction.
    package func plain(_ text: String) -> String {
        switch ComparableValue(text, as: ComparableType(self)) {
        case .int(let number) where !text.isEmpty: String(number)
        case .date(let date?): date.rfc3339
        case .bool, .date, .int, .string: text
        }
    }
}
