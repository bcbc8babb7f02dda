package import Model

/// The part of `amountMinor` that `seconds` of a period of `ofSeconds` cost, rounded once, halves away from zero.
///
/// A credit for unused time is the negative amount. `seconds` may be more than `ofSeconds`: a first stub up to a far
/// anchor is longer than the period that its price is for.
package func prorate(
    _ amountMinor: Int64, seconds: Int64, ofSeconds: Int64
) throws(ArithmeticOverflow) -> Int64 {
    precondition(
        seconds >= 0 && ofSeconds > 0, "time is prorated over a period that passed, not \(seconds) s of \(ofSeconds) s")
    let exact = Int128(amountMinor) * Int128(seconds)
    guard let rounded = Int64(exactly: exact.dividedRoundingHalfAway(by: Int128(ofSeconds))) else {
        throw ArithmeticOverflow("\(amountMinor) × \(seconds) ÷ \(ofSeconds)")
    }
    return rounded
}
