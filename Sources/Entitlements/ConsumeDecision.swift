/// Whether a quantity of a feature may be consumed or held: decided under the counter's lock, with nothing but numbers.
package enum ConsumeDecision: Equatable, Sendable {
    /// `remaining` is what stays after this; nil when no number limits the feature.
    case allowed(allocation: Int64?, remaining: Int64?)
    case refused(ConsumeRefusal)

    /// Allows exactly what keeps usage + held + quantity within the hard limit; all or nothing.
    package init(_ entitlement: Grant?, usage: Int64, held: Int64, quantity: Int64) {
        precondition(
            quantity >= 0 && held >= 0, "cannot consume \(quantity) with \(held) held: neither can be negative")
        guard let entitlement else {
            self = .refused(.noEntitlement)
            return
        }
        let (taken, tooManyTaken) = usage.addingReportingOverflow(held)
        let (sum, tooMany) = taken.addingReportingOverflow(quantity)
        let overflows = tooManyTaken || tooMany
        switch entitlement.allocation {
        case .off:
            self = .refused(.switchedOff)
        case .limited(let limit) where overflows || sum > limit:
            self = .refused(.limitReached(limit: limit, used: usage, held: held, requested: quantity))
        case .on where overflows, .unlimited where overflows:
            self = .refused(.countExhausted(used: usage, held: held, requested: quantity))
        case .limited(let limit):
            // `sum` may be far below zero after corrections.
            self = .allowed(allocation: limit, remaining: limit.subtractingSaturated(sum))
        case .on, .unlimited:
            self = .allowed(allocation: nil, remaining: nil)
        }
    }
}

/// Why a quantity was not consumed.
package enum ConsumeRefusal: Error, Equatable, Sendable {
    case noEntitlement
    /// The entitlement is a boolean that is off.
    case switchedOff
    case limitReached(limit: Int64, used: Int64, held: Int64, requested: Int64)
    /// No limit stands in the way, but the sum is past what a 64-bit count can hold.
    case countExhausted(used: Int64, held: Int64, requested: Int64)

    /// The hard limit in force; nil without one.
    package var allocation: Int64? {
        if case .limitReached(let limit, _, _, _) = self { limit } else { nil }
    }

    /// Limit − used − held, which is negative when usage was already over; nil without a limit.
    package var remaining: Int64? {
        guard case .limitReached(let limit, let used, let held, _) = self else { return nil }
        return limit.subtractingSaturated(used).subtractingSaturated(held)
    }

    /// The refusal as a sentence. `feature` is the flag key of the feature.
    package func reason(feature: String) -> String {
        switch self {
        case .noEntitlement:
            return "No entitlement for feature \"\(feature)\""
        case .switchedOff:
            return "Feature \"\(feature)\" is switched off for this company"
        case .limitReached(let limit, let used, let held, let requested):
            let holds = held == 0 ? "" : ", \(held) held"
            return "Usage limit reached: \(used) of \(limit) used\(holds), \(requested) requested"
        case .countExhausted(let used, let held, let requested):
            return "Usage of feature \"\(feature)\" cannot grow from \(used), with \(held) held, by \(requested)"
        }
    }
}

extension Int64 {
    /// The difference, held at the nearest end of the range.
    fileprivate func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflowed) = subtractingReportingOverflow(other)
        return overflowed ? (other < 0 ? .max : .min) : difference
    }
}
