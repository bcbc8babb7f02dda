internal import Basics
internal import Model

extension PlanVersion {
    /// Whether companies can be given it for a while without ever having to pay.
    func isSelfEndingTrial(in settings: PlanGroupSettings) -> Bool {
        !settings.trialNeedsPaymentMethod && trialLength(in: settings) != nil && recurringPrice() != nil
    }
}
