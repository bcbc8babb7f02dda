/// Units that are set aside.
struct Hold: Sendable {
    let company: Int
    /// The event or trait.
    let measure: String
    /// The feature that was named; nil when the event was.
    let feature: Int?
    let quantity: Int
    let expiresAt: Instant
    /// What was counted of it; nil inside when it was released.
    var end: Int??
    /// What was told at its end.
    var told: HoldOutcome?
}

extension PlainModel {
    /// What is held of an event or trait now.
    func held(_ company: Int, _ event: String) -> Int {
        var sum = 0
        for hold in holds where hold.company == company && hold.measure == event && isHeld(hold) {
            sum += hold.quantity
        }
        return sum
    }

    private func isHeld(_ hold: Hold) -> Bool { hold.end == nil && now < hold.expiresAt }

    /// The numbers of those that can still be settled.
    package var openHolds: [Int] { holds.indices.filter { isHeld(holds[$0]) } }

    package var holdCount: Int { holds.count }

    /// What holds of a company change when they end: units that are held until then.
    package func quantity(ofHold number: Int) -> Int? {
        holds.indices.contains(number) && isHeld(holds[number]) ? holds[number].quantity : nil
    }

    package func companyAndMeasure(ofHold number: Int) -> (company: Int, measure: String)? {
        holds.indices.contains(number) ? (holds[number].company, holds[number].measure) : nil
    }

    package mutating func reserve(_ request: Reservation) -> HoldOutcome {
        let use = request.use
        let key = use.key.flatMap { $0.isEmpty ? nil : $0 }
        if let key, let earlier = answers[key], now < earlier.at + Self.keyLife {
            guard case .reserved(request, let outcome) = earlier.answer else { return .refused }
            return outcome
        }
        let expiresAt = request.expiresAt ?? now + 60 * Calendar.second
        guard now < expiresAt, expiresAt <= now + Calendar.hour else { return .refused }
        let outcome: HoldOutcome
        switch weigh(use) {
        case .refused: return .refused
        case .unentitled: outcome = .answered(HoldOutcome.Numbers(quantity: use.quantity))
        case .weighed(let company, let measure, let shown):
            var numbers = HoldOutcome.Numbers(quantity: use.quantity)
            numbers.reserved = held(company, measure)
            numbers.usage = shown.usage - (shown.isAllowed ? use.quantity : 0)
            numbers.allocation = shown.allocation
            numbers.remaining = shown.remaining
            if shown.isAllowed {
                numbers.status = "held"
                numbers.number = holds.count
                numbers.reserved += use.quantity
                numbers.expiresAt = expiresAt
                var feature: Int?
                if case .feature(let named) = use.target { feature = named }
                holds.append(
                    Hold(
                        company: company, measure: measure, feature: feature, quantity: use.quantity,
                        expiresAt: expiresAt))
            }
            outcome = .answered(numbers)
        }
        if let key { answers[key] = Answered(at: now, answer: .reserved(request, outcome)) }
        stage()
        return outcome
    }

    /// Commits so many units of a hold; nil releases it.
    package mutating func settle(_ number: Int, _ quantity: Int?) -> HoldOutcome {
        let outcome = decide(number, quantity)
        if quantity != nil, outcome != .refused { lookAtThresholds([holds[number].company]) }
        return outcome
    }

    private mutating func decide(_ number: Int, _ quantity: Int?) -> HoldOutcome {
        guard holds.indices.contains(number) else { return .refused }
        let hold = holds[number]
        if let end = hold.end { return end == quantity ? hold.told! : .refused }
        guard isHeld(hold), 0...hold.quantity ~= quantity ?? 0 else { return .refused }
        if let quantity, quantity > 0 {
            if isTrait(hold.measure) {
                add(quantity, to: hold.measure, of: hold.company)
            } else {
                let counted = Counted(at: useTime, quantity: quantity, isBackfill: false)
                events[Meter(company: hold.company, event: hold.measure), default: []].append(counted)
            }
        }
        end(number, counting: quantity)
        stage()
        return holds[number].told!
    }

    mutating func end(_ number: Int, counting quantity: Int?) {
        holds[number].end = .some(quantity)
        holds[number].told = .answered(numbers(of: number))
    }

    private func numbers(of number: Int) -> HoldOutcome.Numbers {
        let hold = holds[number]
        var numbers = HoldOutcome.Numbers(quantity: hold.quantity)
        numbers.number = number
        numbers.expiresAt = hold.expiresAt
        if let end = hold.end {
            numbers.status = end == nil ? "released" : "committed"
            numbers.committed = end
        } else {
            numbers.status = isHeld(hold) ? "held" : "expired"
        }
        let counting = hold.feature.map { [$0] } ?? features.indices.filter { features[$0].measure == hold.measure }
        let limits = counting.compactMap { Self.mostGenerous(grants(of: $0, to: hold.company)) }
        numbers.reserved = held(hold.company, hold.measure)
        numbers.usage = used(hold.company, hold.measure)
        if let shown = tightest(limits.map { answer($0, 0, hold.company, hold.measure) }) {
            numbers.usage = shown.usage
            numbers.allocation = shown.allocation
            numbers.remaining = shown.remaining
        }
        return numbers
    }

    /// A line for each hold of the company.
    func holds(of company: Int) -> [String] {
        holds.indices.filter { holds[$0].company == company }.map { numbers(of: $0).line }
    }
}
