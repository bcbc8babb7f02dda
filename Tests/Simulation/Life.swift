internal import Plain
internal import TestSupport

/// One life of a Tollgate: a catalog by chance, then steps by chance, engine and model side by side. After every step
/// they must say the same.
package struct Life {
    package let seed: UInt64
    private var chance: Chance
    /// Decides where to look closer; apart from what decides the steps, so that another look makes no other life.
    private var glance: SplitMix
    private var model: PlainModel
    private let world: World
    private var recent: [String] = []
    private var companiesSeen = 0
    /// Conflicts that the engine told as duplicates: it compares 16 bits of contents.
    private var mistakenConflicts = 0
    package private(set) var steps = 0
    /// What happened how often.
    package private(set) var tally: [String: Int] = [:]

    package init(seed: UInt64, mutant: Mutant? = nil) async throws {
        self.seed = seed
        chance = Chance(seed: seed)
        glance = SplitMix(seed: ~seed)
        let start = chance.start()
        let hasTestClock = !chance.random.once(in: 3)
        model = PlainModel(now: start, hasTestClock: hasTestClock)
        world = try await World(now: start, hasTestClock: hasTestClock, mutant: mutant)
        for feature in chance.features() {
            model.addFeature(feature)
            try await world.add(feature)
        }
        for plan in 0..<5 {
            let version = chance.version(of: model.features, free: plan == 0, isAddOn: false)
            model.addPlan(version, isAddOn: false)
            try await world.addPlan(version, isAddOn: false)
        }
        for addOn in 0..<3 {
            let version = chance.version(of: model.features, free: addOn == 0, isAddOn: true)
            model.addPlan(version, isAddOn: true)
            try await world.addPlan(version, isAddOn: true)
        }
        for coupon in chance.coupons() {
            model.addCoupon(coupon)
            try await world.addCoupon(coupon)
        }
        if chance.random.once(in: 2) {
            let (initial, fallback) = (chance.random.once(in: 2) ? 0 : nil, chance.random.once(in: 2) ? 0 : nil)
            let (expiry, isAtOnce) = (chance.random.once(in: 2) ? 0 : nil, chance.random.once(in: 2))
            model.setPlanGroup(initial: initial, fallback: fallback, expiry: expiry, billsChangesAtOnce: isAtOnce)
            try await world.setPlanGroup(
                initial: initial, fallback: fallback, expiry: expiry, billsChangesAtOnce: isAtOnce)
        }
    }

    /// - Throws: `Divergence` when engine and model do not agree.
    package mutating func step() async throws {
        steps += 1
        if !model.hasTestClock {
            // Real time does not stand still between two requests.
            model.setClock(model.now + 1)
            try await world.setClock(model.now)
        }
        let move = chance.move(model)
        recent.append("\(steps). at \(model.now): \(move.step)" + (move.trouble.map { " with \($0)" } ?? ""))
        if recent.count > 12 { recent.removeFirst() }
        do {
            try await carryOut(move)
            try compareTouched(by: move)
        } catch let divergence as Divergence {
            throw divergence
        } catch {
            throw diverged(["\(error)"])
        }
    }

    /// The last look: everything agrees, the engine verifies itself, and what was metered is billed, corrected, or
    /// waits.
    package mutating func finish() async throws {
        recent.append("the end")
        do {
            try compareAll()
            let (expected, found) = (model.conservation, try world.conservation())
            if expected != found { throw diverged(["model \(expected)", "engine \(found)"]) }
            try world.restart()
            try compareAll()
        } catch let divergence as Divergence {
            throw divergence
        } catch {
            throw diverged(["\(error)"])
        }
    }

    /// How many lines of each kind invoices have.
    package var linesBilled: [String: Int] { model.linesBilled }

    /// Changes with everything that happened, so that equal lives have equal digests.
    package func digest() throws -> [String] {
        try model.companies.indices.flatMap { try world.state(of: $0, keys: model.companyKeys.keys[$0]) }
            + world.invoices().sorted { $0.key < $1.key }.flatMap(\.value)
    }

    private func diverged(_ differences: [String]) -> Divergence {
        Divergence(seed: seed, step: steps, differences: differences, recent: recent)
    }
}

extension Life {
    private mutating func carryOut(_ move: Move) async throws {
        let before = model
        model.keepsStages = move.trouble != nil
        let expected = model.perform(move.step)
        let stages = [before] + model.stages + [model]
        model.forgetStages()
        world.faults.arm(move.trouble)
        world.sendsJSON = move.isJSON
        let outcome: Outcome
        do {
            outcome = try await perform(move, before)
        } catch let failure where move.trouble != nil && !(failure is UnexpectedProblem) {
            return try await survive(move, before, stages)
        }
        count(outcome, of: move.step)
        // What the step began is durable. What is left to be done breaks for nobody who could be told.
        world.faults.arm(nil)
        world.settle()
        try compare(outcome, expected)
        if move.trouble?.isCrash == true {
            try world.restart()
            model.forget()
        }
    }

    private func perform(_ move: Move, _ before: PlainModel) async throws -> Outcome {
        guard move.isWatched, let watch = Watch(move.step, before, isTakenBack: move.trouble != nil) else {
            return try await world.perform(move.step)
        }
        return try await world.perform(move.step, under: watch)
    }

    /// After an error: all of each commit has happened, or nothing of it, and in order. What a crash may have left in
    /// the middle is tried again.
    private mutating func survive(_ move: Move, _ before: PlainModel, _ stages: [PlainModel]) async throws {
        world.settle()
        world.faults.arm(nil)
        var mayBe = stages
        switch move.trouble! {
        case .failure: mayBe = [before]
        case .crash(let place, let commits):
            try world.restart()
            if place != .afterSync && commits == 0 { mayBe = [before] }
        }
        var differences: [String] = []
        var left: Int?
        for place in mayBe.indices.reversed() where left == nil {
            model = mayBe[place]
            differences = try differencesOfAll()
            if differences.isEmpty { left = place }
        }
        guard let left else {
            throw diverged(["after the error nothing that may be is so; the least of it:"] + differences)
        }
        let extent = left == 0 ? "nothing" : left == mayBe.count - 1 ? "everything" : "a part"
        count("\(move.step.name): \(move.trouble!.isCrash ? "crash" : "failure") left \(extent)")
        model.forget()
        guard mayBe.count > 1, move.canBeTriedAgain else { return }
        _ = try await world.perform(move.step)
        _ = model.perform(move.step)
        try compareAll()
    }

    private mutating func compare(_ outcome: Outcome, _ expected: Outcome) throws {
        if outcome == expected { return }
        if case .tracked(var told) = outcome, case .tracked(let true_) = expected, told.conflicts < true_.conflicts {
            mistakenConflicts += true_.conflicts - told.conflicts
            told.duplicates -= true_.conflicts - told.conflicts
            told.conflicts = true_.conflicts
            if told == true_ && mistakenConflicts <= 2 { return }
        }
        throw diverged(["expected \(expected)", "found    \(outcome)"])
    }

    private mutating func count(_ event: String) { tally[event, default: 0] += 1 }

    /// What a step came to, for the tally.
    private mutating func count(_ outcome: Outcome, of step: Step) {
        switch outcome {
        case .carriedOut: count("\(step.name): carried out")
        case .refused, .consumed(.refused), .held(.refused): count("\(step.name): refused")
        case .tracked(let told): count(told)
        case .volleyed(let all): for told in all { count(told) }
        case .consumed(.answered(let numbers)): count("consume: \(numbers.isAllowed ? "allowed" : "not allowed")")
        case .held(.answered(let numbers)): count("\(step.name): \(numbers.status ?? "not allowed")")
        case .allowed(let callers): tally["rush: allowed", default: 0] += callers
        }
    }

    private mutating func count(_ told: TrackOutcome) {
        tally["events: accepted", default: 0] += told.accepted
        tally["events: duplicate", default: 0] += told.duplicates
        tally["events: conflict", default: 0] += told.conflicts
        tally["events: rejected", default: 0] += told.rejected.count
        tally["events: late", default: 0] += told.late.count
        tally["events: late, for a correction", default: 0] += told.late.values.count { $0 }
    }

    // MARK: - Comparing states

    private mutating func compareTouched(by move: Move) throws {
        switch move.step {
        case .track, .volley, .consume, .rush, .reserve, .settle, .upsertUser:
            guard !model.companies.isEmpty else { return }
            var touched = companies(of: move.step)
            touched.insert(glance.number(0...model.companies.count - 1))
            try require(touched.sorted().flatMap(differences(of:)) + differencesOfInvoices())
        default: try compareAll()
        }
        if glance.once(in: 4), !model.companies.isEmpty {
            let company = glance.number(0...model.companies.count - 1)
            try require(differencesOfUpcoming(company))
        }
        if glance.once(in: 400) {
            let (expected, found) = (model.conservation, try world.conservation())
            if expected != found { throw diverged(["model \(expected)", "engine \(found)"]) }
        }
    }

    private func companies(of step: Step) -> Set<Int> {
        let keys: [[String: String]]
        switch step {
        case .track(let uses): keys = uses.map(\.company)
        case .volley(let batches): keys = batches.joined().map(\.company)
        case .consume(let request), .rush(let request, _): keys = [request.company]
        case .reserve(let request): keys = [request.use.company]
        case .settle(let hold, _, _): return Set([model.companyAndMeasure(ofHold: hold)?.company].compactMap(\.self))
        default: keys = []
        }
        return Set(
            keys.compactMap { keys in
                if case .one(let number) = model.companyKeys.find(keys) { number } else { nil }
            })
    }

    private func compareAll() throws { try require(differencesOfAll()) }

    private func require(_ differences: [String]) throws {
        if !differences.isEmpty { throw diverged(differences) }
    }

    private func differencesOfAll() throws -> [String] {
        let population = [model.companies.count, model.userKeys.keys.count]
        let found = try world.population()
        if found != population { return ["model \(population) companies and users", "engine \(found)"] }
        return try model.companies.indices.flatMap(differences(of:)) + differencesOfInvoices()
    }

    private func differences(of company: Int) throws -> [String] {
        let found = try world.state(of: company, keys: model.companyKeys.keys[company])
        return Self.differences(model.state(of: company), found)
    }

    private func differencesOfInvoices() throws -> [String] {
        let found = try world.invoices()
        return model.companies.indices.flatMap { Self.differences(model.invoices(of: $0), found[$0] ?? []) }
    }

    private func differencesOfUpcoming(_ company: Int) throws -> [String] {
        try Self.differences([model.upcomingInvoice(of: company)], [world.upcomingInvoice(of: company)])
    }

    private static func differences(_ expected: [String], _ found: [String]) -> [String] {
        if expected == found { return [] }
        let difference = found.difference(from: expected)
        return difference.removals.map { "model  \($0.line)" } + difference.insertions.map { "engine \($0.line)" }
    }
}

extension CollectionDifference<String>.Change {
    fileprivate var line: String {
        switch self {
        case .insert(_, let line, _), .remove(_, let line, _): line
        }
    }
}

extension Move {
    /// Whether the same again comes to the same.
    fileprivate var canBeTriedAgain: Bool {
        switch step {
        case .clock, .closeDue: true
        case .track(let uses): uses.allSatisfy { $0.key?.isEmpty == false }
        case .reserve(let request): request.use.key?.isEmpty == false
        case .settle: true
        default: false
        }
    }
}

/// Engine and model do not agree.
package struct Divergence: Error, CustomStringConvertible {
    package let seed: UInt64
    package let step: Int
    package let differences: [String]
    package let recent: [String]

    package var description: String {
        "seed \(seed), step \(step):\n" + differences.map { "  \($0)\n" }.joined()
            + "the last steps:\n" + recent.map { "  \($0)\n" }.joined()
    }
}
