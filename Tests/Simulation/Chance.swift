internal import Plain
internal import TestSupport

/// Decides by a seed what happens next. It looks at the model only, so that a seed makes one life and no other.
struct Chance {
    var random: SplitMix
    private var freshKeys = 0

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
    }

    /// A time from 2023 to 2027.
    mutating func start() -> Instant {
        1_672_531_200_000 + random.number(0...126_230_400) * 1000 + random.number(0...999)
    }

    mutating func move(_ model: PlainModel) -> Move {
        let step = step(model)
        return Move(
            step: step, trouble: trouble(step, model), isWatched: random.once(in: 8), isJSON: random.once(in: 2))
    }

    private mutating func step(_ model: PlainModel) -> Step {
        let company = random.number(0...max(0, model.companies.count - 1))
        guard !model.companies.isEmpty else { return .track(batch(model)) }
        // Soon after they were made, as most moves of the clock let them expire.
        if !model.openHolds.isEmpty, random.once(in: 3) { return settlement(model) }
        switch random.number(1...100) {
        case 1...25: return .track(batch(model))
        case 26...33: return .reserve(reservation(model))
        case 34: return settlement(model)
        case 35...48: return .consume(consumption(model))
        case 49...50:
            let request = rush(model)
            if isBilledAtOnce(request.company, model) { return .consume(request) }
            return .rush(request, callers: random.number(2...6))
        case 51...53: return .upsertCompany(keys(company: true), zone: zone())
        case 54:
            if random.once(in: 2) { return .upsertUser(keys(company: false)) }
            return .increment(company: company, trait: Self.trait, by: random.number(-6...6))
        case 55...63: return manage(company, model)
        case 64:
            let trialing = model.trialing
            if trialing.isEmpty || random.once(in: 8) { return .editTrial(company: company, end: nil) }
            let end = random.once(in: 3) ? nil : model.now + random.number(0...30 * Calendar.day)
            return .editTrial(company: random.pick(trialing), end: end)
        case 65: return .cancel(company: company, immediately: random.once(in: 2), isCredited: random.once(in: 2))
        case 66...69:
            let feature = random.number(0...model.features.count - 1)
            return .addOverride(company: company, override(feature, model), expiresAt: expiry(model))
        case 70: return .removeOverride(random.number(0...12))
        case 71:
            let drafts = model.drafts
            return .finalize(drafts.isEmpty || random.once(in: 4) ? random.number(0...9) : random.pick(drafts))
        case 72...73: return settleInvoice(model)
        case 74:
            if random.once(in: 2) { return .tax(company: company, taxes()) }
            return .grace(seconds: random.pick([0, 1, 3600, 40_000, 86_400]))
        case 75...92: return .clock(instant(after: model))
        case 93: return .closeDue
        case 94: return publish(model)
        case 95...97: return .restart
        default: return .volley(volley(model))
        }
    }

    // MARK: - Companies

    /// Few names, so that keys meet.
    mutating func keys(company: Bool) -> [String: String] {
        let letter = company ? "c" : "u"
        switch random.number(0...9) {
        case 0...5: return ["id": "\(letter)\(random.number(0...4))"]
        case 6...7: return ["slug": "\(letter)-\(random.number(0...3))"]
        default: return ["id": "\(letter)\(random.number(0...6))", "slug": "\(letter)-\(random.number(0...4))"]
        }
    }

    /// Mostly one that pays.
    private mutating func someCompany(_ model: PlainModel) -> [String: String] {
        let subscribers = model.subscribers
        guard !subscribers.isEmpty, !random.once(in: 3) else { return keys(company: true) }
        let key = model.companyKeys.keys[random.pick(subscribers)].sorted { $0.key < $1.key }.first!
        return [key.key: key.value]
    }

    private mutating func zone() -> Int? { random.once(in: 2) ? nil : random.pick(World.zones.keys.sorted()) }

    private mutating func manage(_ company: Int, _ model: PlainModel) -> Step {
        let basePlans = model.plans.indices.filter { !model.addOns.contains($0) }
        var wanted = PlanRequest(plan: random.once(in: 12) ? nil : random.pick(basePlans))
        wanted.isNewest = wanted.plan == nil || random.once(in: 2)
        wanted.isCredited = random.once(in: 2)
        wanted.waitsForEnd = wanted.plan == nil && random.once(in: 3)
        guard let plan = wanted.plan else { return .manage(company: company, wanted) }
        let account = model.companies[company]
        let kept = [account.plan].compactMap(\.self) + account.addOns
        if random.once(in: 4) { wanted.coupon = random.number(0...model.coupons.count - 1) }
        if random.once(in: 2) { wanted.addOns = model.addOns.sorted().filter { _ in random.once(in: 3) } }
        if random.once(in: account.subscription == nil ? 3 : 20) {
            wanted.anchor =
                random.once(in: 3) ? random.pick(model.turns) : model.now + random.number(0...80 * Calendar.day)
            wanted.isStubFree = random.once(in: 3)
        }
        if wanted.anchor == nil, random.once(in: 5) {
            wanted.trialEnd =
                random.once(in: 3) ? random.pick(model.turns) : model.now + random.number(0...40 * Calendar.day)
            if !random.once(in: 4) { wanted.addOns = [] }
        }
        if random.once(in: 2) {
            for plan in [plan] + wanted.addOns {
                let newest = model.plans[plan].count - 1
                let version = wanted.isNewest ? newest : kept.first { $0.plan == plan }?.version ?? newest
                for terms in model.plans[plan][version].terms where terms.price?.isAhead == true {
                    wanted.bought[Seat(plan: plan, feature: terms.feature)] = random.number(0...20)
                }
            }
        }
        return .manage(company: company, wanted)
    }

    private mutating func override(_ feature: Int, _ model: PlainModel) -> Terms {
        var terms = terms(feature, model.features[feature], isPriced: false)
        if terms.allowance == .unlimited, random.once(in: 2) { terms.allowance = .limited(random.number(0...150)) }
        return terms
    }

    private mutating func expiry(_ model: PlainModel) -> Instant? {
        switch random.number(0...4) {
        case 0: nil
        case 1: model.now + random.number(-1...1)
        default: model.now + random.number(1...40) * Calendar.day
        }
    }

    /// Mostly a payment or a credit note: void and given up, an invoice is of no more interest.
    private mutating func settleInvoice(_ model: PlainModel) -> Step {
        let number = random.number(0...max(0, model.invoices.count - 1))
        switch random.number(0...6) {
        case 0: return .void(number)
        case 1: return .giveUp(number)
        case 2...3:
            let paid = model.paidInvoices
            if let last = paid.last, random.once(in: 2) {
                return .pay(random.once(in: 2) ? last : random.pick(paid), amount: nil, key: "p0")
            }
            let remaining = model.invoices.indices.contains(number) ? model.invoices[number].remaining : 0
            let amount = random.pick([nil, remaining, random.number(0...remaining + 1)])
            return .pay(number, amount: amount, key: "p\(random.number(0...1))")
        default:
            let creditable = model.creditable
            guard !creditable.isEmpty else { return .void(number) }
            let (invoice, line, amount) = random.pick(creditable)
            let wanted = random.once(in: 2) ? amount : random.number(1...amount + 1)
            return .credit(invoice, model.creditPart(invoice, line: line, amount: wanted))
        }
    }

    private mutating func publish(_ model: PlainModel) -> Step {
        if random.once(in: 4), model.features.count < 7 {
            let number = model.features.count
            return .addFeature(
                Feature(key: "feature \(number)".replacing(" ", with: "-"), event: random.pick(Self.events)))
        }
        let plan = random.number(0...model.plans.count - 1)
        let version = version(
            of: model.features, free: model.plans[plan][0].base == nil, isAddOn: model.addOns.contains(plan))
        return .publish(plan: plan, version)
    }

    // MARK: - Use

    private mutating func batch(_ model: PlainModel) -> [Use] {
        var uses: [Use] = []
        for _ in 0..<random.pick([1, 1, 2, 3, 5, 12]) {
            // The same again, within the batch.
            if let last = uses.last, random.once(in: 12) { uses.append(last) } else { uses.append(use(model)) }
        }
        return uses
    }

    /// Of events that mean the same in whatever order they come: without keys, by companies that are known.
    private mutating func volley(_ model: PlainModel) -> [[Use]] {
        (0..<random.number(2...4)).map { _ in
            batch(model).compactMap { use in
                var use = use
                use.key = nil
                use.hold = nil
                return model.isKnown(use) && !isBilledAtOnce(use.company, model) ? use : nil
            }
        }
    }

    /// Then the order of use decides what each early bill comes to.
    private func isBilledAtOnce(_ keys: [String: String], _ model: PlainModel) -> Bool {
        if case .one(let company) = model.companyKeys.find(keys) { model.hasThreshold(company) } else { false }
    }

    private mutating func use(_ model: PlainModel) -> Use {
        var use = Use(
            company: random.once(in: 40) ? [:] : someCompany(model), event: event(), quantity: random.number(1...12))
        switch random.number(0...20) {
        case 0: use.quantity = 0
        case 1: use.quantity = 1_000_000_000_000_001
        case 2...3: use.quantity = -random.number(1...9)
        default: break
        }
        if random.once(in: 6) { use.user = keys(company: false) }
        use.key = key()
        switch random.number(0...9) {
        case 0: use.isBackfill = true
        case 1...3: use.isTrusted = true
        default: break
        }
        if use.isTimed && !random.once(in: 30) || random.once(in: 8) { use.sentAt = sentAt(use, model) }
        if random.once(in: model.openHolds.isEmpty ? 30 : 3) { settle(by: &use, model) }
        return use
    }

    /// Mostly by the right company and event, of a hold that is open.
    private mutating func settle(by use: inout Use, _ model: PlainModel) {
        let open = model.openHolds
        let number = open.isEmpty || random.once(in: 8) ? random.number(0...model.holdCount) : random.pick(open)
        use.hold = number
        guard let hold = model.companyAndMeasure(ofHold: number), !random.once(in: 8) else { return }
        let key = model.companyKeys.keys[hold.company].sorted { $0.key < $1.key }.first!
        use.company = [key.key: key.value]
        if Self.events.contains(hold.measure), !random.once(in: 8) { use.event = hold.measure }
        use.quantity = random.number(0...(model.quantity(ofHold: number) ?? 5) + 3)
    }

    private mutating func event() -> String {
        random.once(in: 30) ? "odd\(random.number(0...3))" : random.pick(Self.events)
    }

    private mutating func key() -> String? {
        switch random.number(0...9) {
        case 0...3: return nil
        case 4: return ""
        case 5...7: return "k\(random.number(0...25))"
        default:
            freshKeys += 1
            return "fresh \(freshKeys)"
        }
    }

    /// Now and then, on the edges of periods, and on the edge of what is accepted.
    private mutating func sentAt(_ use: Use, _ model: PlainModel) -> Instant {
        var company = 0
        if case .one(let number) = model.companyKeys.find(use.company) { company = number }
        let millisecond = random.number(-1...1)
        switch random.number(0...9) {
        case 0: return model.now + 300_000 + millisecond
        case 1: return model.now - (use.isBackfill ? 365 : 34) * Calendar.day + millisecond
        case 2...6: return random.pick(model.edges(of: company)) + (random.once(in: 2) ? 0 : millisecond)
        case 7: return model.now
        default: return model.now - random.number(0...33 * Calendar.day)
        }
    }

    private mutating func consumption(_ model: PlainModel) -> Consumption {
        let target: Consumption.Target =
            random.once(in: 3) ? .event(event()) : .feature(random.number(0...model.features.count - 1))
        var request = Consumption(
            company: someCompany(model), target: target, quantity: random.once(in: 30) ? 0 : random.number(1...15),
            key: key())
        // Exactly what is left, or one more.
        if case .feature(let feature) = target, case .one(let company) = model.companyKeys.find(request.company),
            let left = model.check(feature, by: company).left, left > 0, random.once(in: 2)
        {
            request.quantity = left + random.number(0...1)
        }
        return request
    }

    /// Without a key, because callers in no order would be told different things.
    private mutating func rush(_ model: PlainModel) -> Consumption {
        var request = consumption(model)
        request.key = nil
        return request
    }

    private mutating func reservation(_ model: PlainModel) -> Reservation {
        let expiresAt: Instant? =
            switch random.number(0...9) {
            case 0...2: nil
            case 3: model.now + random.number(0...1)
            case 4: model.now + Calendar.hour + random.number(0...1)
            default: model.now + random.number(1...3600 * Calendar.second)
            }
        return Reservation(use: consumption(model), expiresAt: expiresAt)
    }

    /// Mostly of a hold that is open, mostly a part of it.
    private mutating func settlement(_ model: PlainModel) -> Step {
        let open = model.openHolds
        let number =
            open.isEmpty || random.once(in: 4) ? random.number(0...max(0, model.holdCount)) : random.pick(open)
        let whole = model.quantity(ofHold: number) ?? 15
        let quantity = random.once(in: 3) ? nil : random.number(0...whole + (random.once(in: 5) ? 1 : 0))
        return .settle(hold: number, quantity: quantity, callers: random.once(in: 4) ? random.number(2...5) : 1)
    }

    // MARK: - Time

    private mutating func instant(after model: PlainModel) -> Instant {
        let turns = model.turns.sorted()
        switch random.number(0...11) {
        case 0: return model.now
        case 1: return model.now + 1
        case 2: return model.now + random.number(1...5000)
        case 3: return model.now + random.number(1...24) * Calendar.hour
        case 4: return model.now + 24 * Calendar.hour - random.number(0...1)
        case 5: return model.now + random.number(1...20) * Calendar.day
        case 6: return model.now + random.number(20...70) * Calendar.day
        default:
            // Exactly onto a turn, or a millisecond beside it.
            guard !turns.isEmpty else { return model.now + 1 }
            let turn = turns[random.number(0...min(5, turns.count - 1))]
            return max(model.now, turn + random.pick([-1, 0, 0, 0, 1]))
        }
    }

    // MARK: - Trouble

    private mutating func trouble(_ step: Step, _ model: PlainModel) -> Trouble? {
        guard random.once(in: 9) else { return nil }
        let place: Trouble.Place = random.once(in: 2) ? .beforeWriting : .halfWritten
        switch step {
        case .publish, .addFeature, .restart, .verify: return nil
        case .clock where !model.hasTestClock: return nil
        case .clock, .closeDue:
            // Many commits: some of them may stay, and the caller tries again.
            if random.once(in: 2) { return .failure(place) }
            return .crash(random.pick([place, .afterSync]), after: random.number(0...3))
        case .track(let uses):
            if random.once(in: 2) { return .failure(place) }
            let isOneCommit = uses.allSatisfy { model.isKnown($0) }
            if isOneCommit { return .crash(random.pick([place, .afterSync]), after: 0) }
            // Two commits or one, as it happens: a second try must come to the same.
            let canBeTriedAgain = uses.allSatisfy { $0.key?.isEmpty == false }
            return canBeTriedAgain
                ? .crash(random.pick([place, .afterSync]), after: random.number(0...1)) : .crash(place, after: 0)
        case .rush, .volley: return random.once(in: 2) ? .failure(place) : .crash(place, after: 0)
        case .consume, .reserve, .settle:
            return random.once(in: 2) ? .failure(place) : .crash(random.pick([place, .afterSync]), after: 0)
        default:
            // What is due by now goes before a command, in commits of its own.
            if model.hasDue || random.once(in: 2) {
                return random.once(in: 2) ? .failure(place) : .crash(place, after: 0)
            }
            return .crash(.afterSync, after: 0)
        }
    }
}

extension SplitMix {
    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// True once in so many times.
    mutating func once(in count: Int) -> Bool { number(1...count) == 1 }

    mutating func pick<T>(_ choices: [T]) -> T { choices[number(0...choices.count - 1)] }
}
