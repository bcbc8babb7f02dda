internal import Model

/// A percentage of each event's quantity, and what is fixed for each.
///
/// Events come in order. The free ones are at the beginning: until as many events have come as are free, or until their
/// quantities have used up the free amount. The event that crosses that amount pays for what lies above it, and all
/// that is fixed. A negative quantity is taken back at the rate alone, from the free amount as long as that lasts; all
/// together never earns money.
///
/// The one tier has the charged quantities at the rate; its flat amount is what the fixed amounts, minima and maxima
/// come to beside that.
func percentage(of events: [Decimal], _ price: PercentagePrice) throws(ArithmeticOverflow) -> [TierCharge] {
    var allowance = Allowance(price)
    var charged = Decimal.zero
    var exact = Decimal.zero
    var isCharged = false
    for quantity in events {
        guard let excess = try allowance.take(quantity) else { continue }
        isCharged = true
        charged = try charged.adding(excess)
        exact = try exact.adding(try amount(of: excess, price))
    }
    guard isCharged else { return [] }
    exact = max(exact, .zero)
    let byRate = try charged.multiplied(by: price.part)
    let tier = PriceTier(upTo: nil, unitAmount: price.part, flatAmount: try exact.subtracting(byRate))
    return [try TierCharge(tier, quantity: charged)]
}

/// What one charged event costs: the whole of it lies between the least and the most.
private func amount(of quantity: Decimal, _ price: PercentagePrice) throws(ArithmeticOverflow) -> Decimal {
    let part = try quantity.multiplied(by: price.part)
    if quantity.isNegative { return part }
    var whole = try part.adding(price.fixedAmount)
    if let least = price.minimumAmount { whole = max(whole, least) }
    if let most = price.maximumAmount { whole = min(whole, most) }
    return whole
}

/// What is left of the free events and the free amount, which end together.
private struct Allowance {
    private var events: Int64?
    private var amount: Decimal?
    private var isOpen: Bool

    init(_ price: PercentagePrice) {
        events = price.freeEvents
        amount = price.freeAmount
        isOpen = (events != nil || amount != nil) && events != 0 && amount != .zero
    }

    /// What of an event is charged; nil when it is free.
    mutating func take(_ quantity: Decimal) throws(ArithmeticOverflow) -> Decimal? {
        guard isOpen else { return quantity }
        if let left = amount {
            let rest = try left.subtracting(quantity)
            if rest.isNegative {
                isOpen = false
                return rest.negated
            }
            amount = rest
            if rest == .zero { isOpen = false }
        }
        if let left = events, !quantity.isNegative {
            events = left - 1
            if left == 1 { isOpen = false }
        }
        return nil
    }
}
