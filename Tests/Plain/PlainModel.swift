/// What Tollgate should do, written down as plainly as possible: lists, loops, and integers. It keeps every event and
/// adds them up when asked. It shares no code with the engine: this module imports nothing.
///
/// Commands that the engine refuses answer false here. Ids are places in lists, which are the engine's ordinals less
/// one.
package struct PlainModel: Sendable {
    package internal(set) var now: Instant
    /// Its clock stands still until it is set, and what falls due on the way is done then. Else time goes by itself,
    /// and what fell due waits for the closer.
    package let hasTestClock: Bool
    package internal(set) var grace = Calendar.hour
    /// How often plan changes have parted the instant at which the test clock stands.
    var instantParts = 0
    package internal(set) var features: [Feature] = []
    /// Versions of each plan; the last one is the published one.
    package internal(set) var plans: [[Version]] = []
    /// Which of the plans are had beside another one.
    package internal(set) var addOns: Set<Int> = []
    /// Credit and charge of a plan change are billed at once; else with the period.
    package internal(set) var billsChangesAtOnce = false
    package internal(set) var initialPlan: Int?
    package internal(set) var fallbackPlan: Int?
    /// Where a trial leads that nobody pays for; nil: to the fallback plan.
    var expiryPlan: Int?
    package internal(set) var companyKeys = Directory()
    package internal(set) var userKeys = Directory()
    package internal(set) var companies: [Company] = []
    package internal(set) var subscriptions: [Subscription] = []
    package internal(set) var invoices: [Invoice] = []
    package internal(set) var coupons: [Coupon] = []
    /// How often each was redeemed.
    var redeemed: [Int] = []
    /// Event names that are counted.
    var meters: Set<String> = []
    var overrideCount = 0
    var invoiceNumber = 0
    /// Looks that will be taken.
    var looks: [Look] = []
    /// Subscriptions that have ended, for which something came late that is not noted yet. It is not written down.
    var lateUse: Set<Int> = []
    var events: [Meter: [Counted]] = [:]
    var keysSeen: [String: Seen] = [:]
    var answers: [String: Answered] = [:]
    var holds: [Hold] = []
    /// States between the atomic parts of the last step, when they are asked for: what a crash may leave.
    package private(set) var stages: [PlainModel] = []
    package var keepsStages = false

    struct Meter: Hashable, Sendable {
        let company: Int
        let event: String
    }

    /// One accepted event.
    struct Counted: Sendable {
        let at: Instant
        let quantity: Int
        let isBackfill: Bool
    }

    /// What an idempotency key stands for, and since when.
    struct Seen: Sendable {
        let at: Instant
        let content: [Int]
        let event: String
    }

    struct Answered: Sendable {
        let at: Instant
        let answer: Answer

        enum Answer: Sendable {
            case consumed(Consumption, ConsumeOutcome.Numbers)
            case reserved(Reservation, HoldOutcome)
        }
    }

    /// How long an idempotency key counts.
    static let keyLife = 24 * Calendar.hour

    package init(now: Instant, hasTestClock: Bool) {
        self.now = now
        self.hasTestClock = hasTestClock
    }

    /// When use counts that comes now.
    var useTime: Instant { now + instantParts }

    /// Ends an atomic part of a step.
    mutating func stage() {
        guard keepsStages else { return }
        var copy = self
        copy.stages = []
        copy.keepsStages = false
        stages.append(copy)
    }

    package mutating func forgetStages() {
        stages = []
        keepsStages = false
    }

    /// What was not written is gone: the process has ended, or a write has failed.
    package mutating func forget() { lateUse = [] }

    // MARK: - Use

    /// Added up event by event; what a trait counts is known.
    func used(_ company: Int, _ event: String, from start: Instant? = nil, to end: Instant? = nil) -> Int {
        if isTrait(event) { return companies[company].traits[event] ?? 0 }
        var sum = 0
        for counted in events[Meter(company: company, event: event)] ?? [] {
            if let start, counted.at < start { continue }
            if let end, counted.at >= end { continue }
            sum += counted.quantity
        }
        return sum
    }

    /// What is billed of it: backfill is not.
    func billable(_ company: Int, _ event: String, from start: Instant, to end: Instant) -> Int {
        var sum = 0
        for counted in events[Meter(company: company, event: event)] ?? []
        where !counted.isBackfill && start <= counted.at && counted.at < end {
            sum += counted.quantity
        }
        return sum
    }

    func isTrait(_ measure: String) -> Bool { features.contains { $0.trait == measure } }

    mutating func add(_ quantity: Int, to trait: String, of company: Int) {
        companies[company].traits[trait, default: 0] += quantity
    }

    package mutating func increment(_ trait: String, of company: Int, by quantity: Int) {
        runDue(until: now)
        add(quantity, to: trait, of: company)
        stage()
    }

    // MARK: - Catalog, made without trouble

    package mutating func addFeature(_ feature: Feature) {
        runDue(until: now)
        features.append(feature)
        if let event = feature.event { meters.insert(event) }
    }

    package mutating func addPlan(_ version: Version, isAddOn: Bool) {
        if isAddOn { addOns.insert(plans.count) }
        plans.append([version])
    }

    package mutating func publish(_ version: Version, of plan: Int) {
        runDue(until: now)
        plans[plan].append(version)
    }

    package mutating func setPlanGroup(initial: Int?, fallback: Int?, expiry: Int?, billsChangesAtOnce: Bool) {
        expiryPlan = expiry
        self.billsChangesAtOnce = billsChangesAtOnce
        initialPlan = initial
        fallbackPlan = fallback
    }

    // MARK: - Companies and users

    /// The company that the keys name gets all of them; if they name nobody it is a new one.
    ///
    /// `zone` is how far local time is ahead of UTC; it is fixed once a subscription has started.
    package mutating func upsertCompany(_ keys: [String: String], zone: Int?) -> Bool {
        runDue(until: now)
        if let zone, case .one(let number) = companyKeys.find(keys) {
            let company = companies[number]
            let isFixed = company.subscription != nil || !company.ended.isEmpty
            if isFixed && company.zone != zone { return false }
        }
        guard let number = companyKeys.upsert(keys) else { return false }
        makeCompanies()
        if let zone { companies[number].zone = zone }
        return true
    }

    package mutating func upsertUser(_ keys: [String: String]) -> Bool {
        runDue(until: now)
        return userKeys.upsert(keys) != nil
    }

    /// Gives those whose keys were registered their accounts.
    mutating func makeCompanies() {
        while companies.count < companyKeys.keys.count {
            var company = Company()
            company.plan = (initialPlan ?? fallbackPlan).map { ($0, plans[$0].count - 1) }
            companies.append(company)
        }
    }

    /// Whether the event names nothing that would have to be made.
    package func isKnown(_ use: Use) -> Bool {
        meters.contains(use.event) && (use.company.isEmpty || companyKeys.find(use.company) != .nobody)
            && (use.user.isEmpty || userKeys.find(use.user) != .nobody)
    }
}
