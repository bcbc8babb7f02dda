public import Basics

extension PlanVersion {
    /// The price to pay where nobody chose another: the one that is named, as far as the version still has it, else
    /// monthly, else quarterly, else yearly, else the first. Nil for a plan that costs nothing.
    public func recurringPrice(_ id: Identifier<Price>? = nil) -> Price? {
        guard chargeType == .recurring else { return nil }
        let recurring = prices.filter { $0.interval.cadence != nil }
        let common: [PriceInterval] = [.monthly, .quarterly, .yearly]
        return recurring.first { $0.id == id }
            ?? common.lazy.compactMap { interval in recurring.first { $0.interval == interval } }.first
            ?? recurring.first
    }
}
