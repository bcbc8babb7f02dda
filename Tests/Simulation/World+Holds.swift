internal import Plain
internal import Tollgate

/// Carries out reservations and their ends.
extension World {
    func reserve(_ request: Reservation) async throws -> HoldOutcome.Numbers {
        let use = wire(request.use)
        var wire = ReserveRequest(
            company: use.company, event: use.event, feature: use.feature, quantity: use.quantity,
            idempotencyKey: use.idempotencyKey)
        wire.expiresAt = request.expiresAt.map { Timestamp($0 + (mutant == .lateReturn ? 1 : 0)) }
        let answer = try await engine.reserve(wire, in: environment)
        if mutant == .droppedHold, let id = answer.id, answer.status == .held {
            _ = try await engine.release(id, in: environment)
        }
        let number = try answer.id.flatMap { id in try durableHolds().firstIndex { $0.id == id } }
        var numbers = text(answer, number)
        if mutant == .lateReturn, request.expiresAt != nil { numbers.expiresAt = numbers.expiresAt.map { $0 - 1 } }
        return numbers
    }

    /// All callers are told the same.
    func settle(_ number: Int, _ quantity: Int?, _ callers: Int) async throws -> HoldOutcome.Numbers {
        let holds = try durableHolds()
        let id = holds.indices.contains(number) ? holds[number].id : Self.noHold
        let (engine, environment) = (engine, environment)
        let answers = try await withThrowingTaskGroup(of: HoldAnswer.self) { group in
            for _ in 0..<callers {
                group.addTask {
                    if let quantity {
                        try await engine.commit(id, quantity: Int64(quantity), in: environment)
                    } else {
                        try await engine.release(id, in: environment)
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        guard answers.allSatisfy({ $0 == answers[0] }) else {
            throw UnexpectedProblem(description: "one end of hold \(number) was told in two ways")
        }
        if mutant == .doubleIncrement, let quantity, quantity > 0, holds.indices.contains(number) {
            try await countTwice(quantity, holds[number])
        }
        return text(answers[0], number)
    }

    /// One that nobody has made.
    static let noHold = Identifier<Model.Hold>(ordinal: 1)

    // MARK: - Planted bugs

    private func countTwice(_ quantity: Int, _ hold: Model.Hold) async throws {
        guard case .trait(let traitID) = hold.target else { return }
        let add = AddToTrait(companyID: hold.companyID, traitID: traitID, quantity: Int64(quantity))
        try await run(add)
    }

    /// The holds that expire up to an instant.
    func expired(until instant: Instant) throws -> [Model.Hold] {
        let now = engine.now(in: environment)
        return try durableHolds().filter { hold in
            hold.status(at: now) == .held && hold.status(at: Timestamp(instant)) == .expired
        }
    }

    func giveBack(_ hold: Model.Hold) async throws {
        let company = hold.companyID.number
        guard case .meter(let meterID) = hold.target else { return }
        let (keys, event) = try engine.read(environment) { view in
            let meter = try view.get(meterID)!
            return (try view.get(Identifier<Model.Company>(number: company))!.keys, meter.eventSubtype)
        }
        let returned = UsageEvent(company: [keys[0].name: keys[0].value], event: event, quantity: -hold.quantity)
        _ = try await engine.track([returned], in: environment)
    }
}
