internal import Basics
internal import Model

/// How many requests a second one API key may make; nil is without limit. Flag checks, events, consumes and
/// reservations are the product's own traffic, and not limited.
public struct RequestRates: Sendable {
    public var writes: Int?
    public var reads: Int?

    public init(writes: Int? = nil, reads: Int? = nil) {
        self.writes = writes
        self.reads = reads
    }
}

/// Holds API keys to `RequestRates`.
///
/// A key that was silent may make a second's worth of requests at once; from then on they come back one by one, evenly
/// (the generic cell rate algorithm: one instant for each key, no history).
final class RateLimiter: Sendable {
    private enum Kind: Hashable {
        case write, read
    }

    private struct Place: Hashable {
        let key: Identifier<APIKey>
        let kind: Kind
    }

    private let rates: RequestRates
    /// When each key will have used up what it asked for, had that come evenly. Only keys that are known are in it.
    private let paidUntil = Locked<[Place: ContinuousClock.Instant]>([:])

    init(_ rates: RequestRates) {
        self.rates = rates
    }

    /// Counts one request of a key, or refuses it.
    func admit(_ key: Identifier<APIKey>, _ access: Access, at now: ContinuousClock.Instant) throws(Refusal) {
        switch access {
        case .read, .company: try take(key, .read, rates.reads, "reads", now)
        case .write: try take(key, .write, rates.writes, "writes", now)
        case .use, .check, .capture: break
        }
    }

    private func take(
        _ key: Identifier<APIKey>, _ kind: Kind, _ rate: Int?, _ what: String, _ now: ContinuousClock.Instant
    ) throws(Refusal) {
        guard let rate else { return }
        let isAdmitted = paidUntil.withLock { paid in
            let place = Place(key: key, kind: kind)
            let next = max(paid[place] ?? now, now) + .seconds(1) / rate
            guard next <= now + .seconds(1) else { return false }
            paid[place] = next
            return true
        }
        guard isAdmitted else {
            throw .overloaded(
                "this API key may make \(rate) \(what) a second, and has made more; try again in a second")
        }
    }
}
