internal import Entitlements
internal import Plain
internal import Synchronization
internal import Tollgate

/// What readers may see of one counter while a step is carried out: any part of it, and nothing else.
struct Watch: Sendable {
    let keys: [String: String]
    let feature: String
    let usage: ClosedRange<Int>

    /// Nil for steps that no reader is set on.
    init?(_ step: Step, _ before: PlainModel) {
        var uses: [(company: [String: String], event: String, quantity: Int)] = []
        switch step {
        case .track(let batch): uses = batch.map { ($0.company, $0.event, $0.quantity) }
        case .volley(let batches): uses = batches.joined().map { ($0.company, $0.event, $0.quantity) }
        case .consume(let request), .rush(let request, _):
            let callers = if case .rush(_, let callers) = step { callers } else { 1 }
            for feature in before.features where feature.event != nil {
                uses += (0..<callers).map { _ in (request.company, feature.event!, request.quantity) }
            }
        default: return nil
        }
        guard let first = uses.first, case .one(let company) = before.companyKeys.find(first.company),
            let place = before.features.firstIndex(where: { $0.event == first.event })
        else { return nil }
        // By all that it held before: the step may give other keys away.
        keys = before.companyKeys.keys[company]
        feature = before.features[place].key
        var (low, high) = (before.check(place, by: company).usage, before.check(place, by: company).usage)
        for use in uses where use.event == first.event && abs(use.quantity) <= 1_000_000_000_000_000 {
            guard before.companyKeys.find(use.company) == .one(company) else { continue }
            low += min(0, use.quantity)
            high += max(0, use.quantity)
        }
        usage = low...high
    }
}

extension World {
    func perform(_ step: Step, under watch: Watch) async throws -> Outcome {
        let (engine, environment) = (engine, environment)
        let isOver = Flag()
        async let seen = Self.watch(watch, engine, environment, isOver)
        let result: Result<Outcome, any Error>
        do { result = .success(try await perform(step)) } catch { result = .failure(error) }
        isOver.raise()
        if let strange = try await seen {
            throw UnexpectedProblem(description: "a reader saw \(strange) of \(watch.feature), not in \(watch.usage)")
        }
        return try result.get()
    }

    /// Reads until the step is over; answers what cannot be.
    private static func watch(
        _ watch: Watch, _ engine: Engine, _ environment: EnvironmentID, _ isOver: Flag
    ) async throws -> Int? {
        repeat {
            let check = try engine.check(watch.feature, company: watch.keys, user: nil, in: environment)
            if let usage = check.decision.entitlement?.reading?.usage, !watch.usage.contains(Int(usage)) {
                return Int(usage)
            }
            await Task.yield()
        } while !isOver.isRaised
        return nil
    }
}

private final class Flag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() { raised.store(true, ordering: .releasing) }
}
