internal import Entitlements
internal import Plain
internal import Synchronization
internal import Tollgate

/// What readers may see of one counter while a step is carried out: any part of it, and nothing else.
struct Watch: Sendable {
    let keys: [String: String]
    let feature: String
    let usage: ClosedRange<Int>
    let held: ClosedRange<Int>
    /// Usage and held units together: units that are committed are never neither.
    let taken: ClosedRange<Int>

    /// Nil for steps that no reader is set on.
    ///
    /// - Parameter isTakenBack: a commit fails. While it is taken back, units that were committed may be seen as both.
    init?(_ step: Step, _ before: PlainModel, isTakenBack: Bool) {
        var uses: [(company: [String: String], event: String, quantity: Int)] = []
        /// What is held and ends, and the units of it that are counted by themselves.
        var (ending, committed) = (0, 0)
        let watched: (company: Int, measure: String)
        switch step {
        case .track(let batch): uses = batch.map { ($0.company, $0.event, $0.quantity) }
        case .volley(let batches): uses = batches.joined().map { ($0.company, $0.event, $0.quantity) }
        case .consume(let request), .rush(let request, _):
            let callers = if case .rush(_, let callers) = step { callers } else { 1 }
            for feature in before.features where feature.measure != nil {
                uses += (0..<callers).map { _ in (request.company, feature.measure!, request.quantity) }
            }
        case .settle(let number, let quantity, _):
            ending = before.quantity(ofHold: number) ?? 0
            committed = min(ending, quantity ?? 0)
        default: return nil
        }
        if case .settle(let number, _, _) = step {
            guard let held = before.companyAndMeasure(ofHold: number) else { return nil }
            watched = held
        } else {
            guard let first = uses.first, case .one(let company) = before.companyKeys.find(first.company) else {
                return nil
            }
            watched = (company, first.event)
        }
        let company = watched.company
        guard let place = before.features.firstIndex(where: { $0.measure == watched.measure }) else { return nil }
        // By all that it held before: the step may give other keys away.
        keys = before.companyKeys.keys[company]
        feature = before.features[place].key
        let check = before.check(place, by: company)
        var (low, high) = (check.usage, check.usage)
        for use in uses where use.event == watched.measure && abs(use.quantity) <= 1_000_000_000_000_000 {
            guard before.companyKeys.find(use.company) == .one(company) else { continue }
            low += min(0, use.quantity)
            high += max(0, use.quantity)
        }
        if case .track(let batch) = step {
            for number in Set(batch.compactMap(\.hold))
            where before.companyAndMeasure(ofHold: number) ?? (-1, "") == watched {
                ending += before.quantity(ofHold: number) ?? 0
            }
        }
        usage = low...high + committed
        held = check.held - ending...check.held
        taken = low + check.held - ending + committed...high + check.held + (isTakenBack ? committed : 0)
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
            throw UnexpectedProblem(
                description: "a reader saw \(strange) of \(watch.feature), not \(watch.usage) and \(watch.held)")
        }
        return try result.get()
    }

    /// Reads until the step is over; answers what cannot be.
    private static func watch(
        _ watch: Watch, _ engine: Engine, _ environment: EnvironmentID, _ isOver: Flag
    ) async throws -> String? {
        repeat {
            let check = try engine.check(watch.feature, company: watch.keys, user: nil, in: environment)
            if let reading = check.decision.entitlement?.reading {
                let (usage, held) = (Int(reading.usage), Int(reading.held))
                let isRight =
                    watch.usage.contains(usage) && watch.held.contains(held) && watch.taken.contains(usage + held)
                if !isRight { return "\(usage) used and \(held) held" }
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
