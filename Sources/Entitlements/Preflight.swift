package import Model

/// "As if this much more had been used": what a check may assume on top of real usage.
package struct Preflight: Codable, Equatable, Sendable {
    /// Added to every counter and integer trait.
    package let usage: Int64
    /// Added to this event's counters instead of `usage`, unless it is 0.
    package let eventUsage: EventUsage?
    /// Asks instead whether exactly so many more units are allowed by the company's effective entitlement.
    package let fits: Int64?

    package struct EventUsage: Codable, Equatable, Sendable {
        package let event: String
        package let quantity: Int64

        package init(event: String, quantity: Int64) {
            self.event = event
            self.quantity = quantity
        }
    }

    package static let none = Preflight(unchecked: ())

    /// Refuses negative numbers, in Schematic's words.
    package init(usage: Int64 = 0, eventUsage: EventUsage? = nil, fits: Int64? = nil) throws(Refusal) {
        if usage < 0 || (eventUsage?.quantity ?? 0) < 0 { throw .invalid("preflight usage cannot be negative") }
        if let fits, fits < 0 { throw .invalid("preflight fits cannot be negative") }
        self.usage = usage
        self.eventUsage = eventUsage
        self.fits = fits
    }

    private init(unchecked: Void) {
        usage = 0
        eventUsage = nil
        fits = nil
    }

    /// What is added to a counter of `event`.
    func extra(of event: String) -> Int64 {
        if let eventUsage, eventUsage.quantity > 0, eventUsage.event == event { return eventUsage.quantity }
        return usage
    }
}
