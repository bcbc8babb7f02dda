package import Model

/// Where the units stand that are used already when more are decided on.
package enum UsedUnits: Sendable {
    /// Counted by a counter: what lies in each of these windows.
    case counted([UsageWindow])
    /// Known from elsewhere, as what a trait says.
    case known(Int64)
}
