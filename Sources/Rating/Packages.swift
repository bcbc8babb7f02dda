internal import Model

/// Whole packages of `size` units: those that are begun, or only those that are full. The quantity of the tier is the
/// number of packages.
func packages(
    _ quantity: Decimal, of size: Int64, _ rounding: PackageRounding, _ unit: Decimal
) throws(ArithmeticOverflow) -> [TierCharge] {
    let packages = quantity.packages(of: size, rounding)
    guard packages > .zero else { return [] }
    return [try TierCharge(PriceTier(upTo: nil, unitAmount: unit), quantity: packages)]
}
