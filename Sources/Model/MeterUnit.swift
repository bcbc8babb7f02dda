/// The unit that a meter counts in: 10^-places of what people count in, as 64 bits hold whole numbers. Four bits of the
/// meter's ordinal say it, as with `MeterKind`. Part of the store's format.
public enum MeterUnit {
    private static let shift: UInt64 = 56

    static func bits(_ places: Int) -> UInt64 {
        precondition((0...PriceModel.maximumQuantityPlaces).contains(places), "quantities have no \(places) places")
        return UInt64(places) << shift
    }

    /// Of the meter with this ordinal.
    public static func places(ofMeter ordinal: UInt64) -> Int { Int(ordinal >> shift & 15) }

    /// What is counted as so many units of a meter.
    package static func quantity(_ count: Int64, ofMeter ordinal: UInt64) -> Decimal {
        // A count has 19 digits, and so few places fit beside them.
        Decimal(coefficient: Int128(count), scale: places(ofMeter: ordinal))!
    }

    /// The count in whole units, towards zero: what is shown.
    package static func whole(_ count: Int64, ofMeter ordinal: UInt64) -> Int64 {
        count / power(places(ofMeter: ordinal))
    }

    /// The count in whole units, one that is begun counting as a whole: what a limit is compared with.
    package static func begun(_ count: Int64, ofMeter ordinal: UInt64) -> Int64 {
        let unit = power(places(ofMeter: ordinal))
        return count / unit + (count % unit > 0 ? 1 : 0)
    }

    /// How many units of 10^-places a quantity is, cut towards zero; nil when that does not fit.
    public static func count(_ quantity: Decimal, places: Int) -> Int64? {
        let more = places - quantity.scale
        if more < 0 { return more < -18 ? nil : Int64(exactly: quantity.coefficient / Int128(power(-more))) }
        let (count, overflow) = quantity.coefficient.multipliedReportingOverflow(by: Int128(power(more)))
        return overflow ? nil : Int64(exactly: count)
    }

    private static func power(_ exponent: Int) -> Int64 { (0..<exponent).reduce(1) { power, _ in power * 10 } }
}
