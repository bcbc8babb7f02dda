extension PriceInterval {
    /// How often the price recurs; nil for one that is paid once.
    public var cadence: Cadence? {
        switch unit {
        case .day: .days(Int(count))
        case .week: .weeks(Int(count))
        case .month: .months(Int(count))
        case .year: .years(Int(count))
        case .oneTime: nil
        }
    }
}

extension PriceInterval: CustomStringConvertible {
    /// As a sentence names it: `month`, `3 months`, `one-time`.
    public var description: String {
        count == 1 ? unit.rawValue : "\(count) \(unit.rawValue)s"
    }
}
