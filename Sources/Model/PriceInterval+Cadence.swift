extension PriceInterval {
    /// How the interval steps through the calendar; nil for a price that is paid once.
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
