/// What is missing from what a period's use was billed to the least that was agreed on: what a commitment line adds.
/// Minor units; 0 when the minimum is reached, or there is none.
package func commitment(billed: Int64, minimum: Int64?) -> Int64 {
    max(0, (minimum ?? billed).subtractingClamped(billed))
}

/// What lies above the most that was agreed on, once discounts are taken off: what a negative discount line takes away.
/// Minor units; 0 when the maximum is not exceeded, or there is none.
package func excess(billed: Int64, maximum: Int64?) -> Int64 {
    max(0, billed.subtractingClamped(maximum ?? billed))
}

extension Int64 {
    /// The difference, or the end of the range that it lies beyond.
    fileprivate func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other > 0 ? .min : .max) : difference
    }
}
