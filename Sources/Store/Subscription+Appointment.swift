internal import Basics
package import Model

extension Subscription {
    /// The one appointment that it has while it is live: its trial ends, or its period.
    package var appointment: DueItem {
        DueItem(at: period.end, task: status == .trialing ? .endTrial : .closePeriod, ordinal: id.ordinal)
    }
}
