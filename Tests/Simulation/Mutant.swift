/// A bug that a test plants between the simulation and the engine, to see that the alarm goes off. Each behaves as the
/// engine would with that bug, its answers included.
package enum Mutant: String, CaseIterable, Sendable {
    /// Of a batch of several events, one is acknowledged and not counted.
    case lostCount
    /// An event is counted twice.
    case doubleCount
    /// An event at exactly the start of a window is counted a millisecond before it.
    case boundaryOff
    /// A consume may take one unit more than the limit.
    case limitOff
    /// A tier ends one unit later than it should.
    case tierOff
    /// An override ends a millisecond late.
    case expiryOff
    /// Idempotency keys are forgotten by a restart.
    case forgetfulRestart
    /// What was not written is acknowledged.
    case falseAcknowledgement
    /// A reservation is acknowledged, and its units are not held.
    case droppedHold
    /// A hold that expires gives its units back twice.
    case doubleReturn
    /// A hold expires a millisecond late.
    case lateReturn
    /// An event that settles a hold is counted, and its hold goes on holding.
    case deafSettlement
    /// What is committed of a trait's hold is added twice.
    case doubleIncrement
    /// What was paid ahead and is unused is not credited to who stops paying, though it was asked for.
    case lostCredit
    /// Of the add-ons that are asked for, the last one is not given.
    case lostAddOn
    /// A trial ends a millisecond late.
    case longTrial
    /// Taxes that prices contain are added.
    case addedTax
    /// A coupon is not redeemed.
    case lostCoupon
    /// The same payment, told twice, is counted twice.
    case paidTwice
    /// A credit note takes back twice what it says.
    case creditedTwice
    /// The most that use may cost is one minor unit more.
    case maximumOff
    /// Use is billed early when it has reached twice its threshold.
    case thresholdOff
}
