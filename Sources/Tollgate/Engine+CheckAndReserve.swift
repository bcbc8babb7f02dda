package import Basics
package import Entitlements
package import Model
internal import Store

/// "May this company do this now, and if so, set the units aside."
package struct CheckAndReserveRequest: Codable, Sendable, Equatable {
    package let flag: String
    package let company: [String: String]?
    package let user: [String: String]?
    package let quantity: Int64
    /// Asks whether the quantity fits.
    package let preflight: Preflight
    /// Later than now, by an hour at most; nil is in 60 seconds.
    package let expiresAt: Timestamp?
    package let idempotencyKey: String?

    /// - Parameter preflight: what standard rules may assume besides.
    package init(
        flag: String, company: [String: String]?, user: [String: String]?, quantity: Int64, preflight: Preflight,
        expiresAt: Timestamp?, idempotencyKey: String?
    ) throws(Refusal) {
        self.flag = flag
        self.company = company
        self.user = user
        self.quantity = quantity
        self.preflight = try Preflight(
            usage: preflight.usage, eventUsage: preflight.eventUsage, fits: max(0, quantity))
        self.expiresAt = expiresAt
        self.idempotencyKey = idempotencyKey
    }
}

extension CheckAndReserveRequest: KeyedRequest {
    /// What was shown, as the caller wrote it.
    typealias Answer = String
    static var operation: String? { "check_and_reserve" }
    var feature: String? { flag }

    /// Whoever names no company gets an answer, and no hold.
    func check() throws(Refusal) { try ConsumeRequest.check(quantity, idempotencyKey) }
}

extension Engine {
    /// Checks a flag and, where the company's entitlement says yes, holds the units: one decision. What does not fit
    /// is off and holds nothing; where something else than a metered entitlement decides, there is nothing to hold.
    ///
    /// The same idempotency key and request within the dedupe window is shown the first answer again.
    /// - Parameter show: writes the answer down, as it is told and kept.
    /// - Throws: `Refusal` for an unknown flag, a request that is wrong as such, or a key that another one had.
    package func beginCheckAndReserve(
        _ request: CheckAndReserveRequest, in environment: EnvironmentID, show: (FlagCheck, Hold?) -> String
    ) throws -> Pending<String> {
        let (answer, ticket) = try begin(request, in: environment) { request, runtime, ticket, place in
            let now = now(in: runtime.id)
            let (check, hold) = try decide(request, runtime, at: now)
            let answer = show(check, hold)
            try keep(answer, of: request, beside: hold, now, runtime, ticket, place)
            return answer
        }
        return Pending(answer, ticket)
    }

    /// One decision, inside the gate: check and hold rest on the same numbers.
    private func decide(
        _ request: CheckAndReserveRequest, _ runtime: EnvironmentRuntime, at now: Timestamp
    ) throws -> (FlagCheck, Hold?) {
        func check(_ seen: CounterReader.Reading?) throws -> FlagCheck {
            try self.check(
                request.flag, company: request.company, user: request.user, preflight: request.preflight, runtime,
                at: now, seen: seen)
        }
        let present = try check(nil)
        guard present.decision.isGranted, let id = present.flag.featureID,
            let feature = runtime.catalog.nouns.features[id], runtime.catalog.target(of: feature) != nil
        else { return (present, nil) }
        let reservation = ReserveRequest(
            company: request.company ?? [:], feature: id.description, quantity: request.quantity,
            expiresAt: request.expiresAt)
        let (answer, hold, seen) = try take(reservation, runtime, at: now)
        tally.withLock { $0.reservations.add(answer.allowed) }
        let decided = try check(seen)
        // Others may have been quicker; then the check says so, unless it is for more than a count can hold.
        guard hold != nil || !decided.decision.value else { throw Refusal.conflict(answer.reason) }
        return (decided, hold)
    }
}
