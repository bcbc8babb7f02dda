public import Basics

extension PlanVersion {
    /// How many days a trial of the version lasts; nil when it cannot be tried.
    public func trialLength(in settings: PlanGroupSettings) -> Int64? {
        guard isTrialable, let days = trialDays ?? settings.trialDays, days > 0 else { return nil }
        return days
    }

    /// Whether companies can be given it for a while without ever having to pay.
    public func isSelfEndingTrial(in settings: PlanGroupSettings) -> Bool {
        !settings.trialNeedsPaymentMethod && trialLength(in: settings) != nil && recurringPrice() != nil
    }
}

extension Company {
    /// How many days the company may still try a version for; nil when it cannot, or has had its trial.
    public func trialLength(of version: PlanVersion, in settings: PlanGroupSettings) -> Int64? {
        hasTried(version.planID, in: settings) ? nil : version.trialLength(in: settings)
    }

    /// Whether the company has had the trial that it is entitled to: one of each plan, or one in all.
    public func hasTried(_ plan: Identifier<Plan>, in settings: PlanGroupSettings) -> Bool {
        trials.contains { !settings.trialOncePerPlan || $0.planID == plan }
    }
}
