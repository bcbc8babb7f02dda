internal import Foundation
internal import Tollgate

extension Scenario {
    /// A month closed: usage rated, invoices and lines written and numbered, periods moved on.
    static let close = Scenario(
        name: "close of 100,000 companies", unit: "invoices",
        contenders: [
            Contender(name: "Tollgate", work: Close.tollgate),
            Contender(name: "PostgreSQL", isInstalled: PostgresServer.programs != nil, work: Close.postgres),
        ],
        goals: [
            Goal(figure: .perSecond, contender: "Tollgate", over: "PostgreSQL", bound: .atLeast(3)),
            // Flat: less than a kilobyte for a company.
            Goal(figure: .growthMebibytes, contender: "Tollgate", bound: .atMost(96)),
        ])
}

/// Four priced features, a line for each and one for the base fee; every company has used 1 to 3,000 of each.
private enum Close {
    static let companies = 100_000
    /// 2026-01-01T00:00:00Z.
    static let monthStart = Timestamp(seconds: 1_767_225_600)
    static let monthEnd = monthStart + .days(31)
    static let baseFee: Int64 = 10_000

    static func usage(of company: Int) -> Int64 { Int64(company % 3_000) + 1 }

    /// What all invoices come to, computed by hand.
    static func total(of companies: Int) -> Int64 {
        (0..<companies).reduce(0) { sum, company in
            let usage = usage(of: company)
            let unit = (usage * 25 + 50) / 100
            let overage = (max(0, usage - 100) * 3 + 1) / 2
            let graduated = min(usage, 100) * 3 + min(max(usage - 100, 0), 900) * 2 + max(usage - 1_000, 0)
            let volume = usage * (usage <= 100 ? 3 : usage <= 1_000 ? 2 : 1)
            return sum + baseFee + unit + overage + graduated + volume
        }
    }

    // MARK: - Tollgate

    static func tollgate(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        let store = BenchStore(directory: try Workbench.directory("store"))
        defer { Workbench.remove(store.directory) }
        try await store.open { try await prepare($0, companies) }
        let (took, growth) = try await TollgateServer.with(store) { server in
            let before = try server.residentBytes()
            let watch = Task {
                var most = before
                while !Task.isCancelled {
                    most = max(most, (try? server.residentBytes()) ?? 0)
                    try? await Task.sleep(for: .milliseconds(20))
                }
                return most
            }
            // The grace of an hour is over, too.
            let now = (monthEnd + .hours(1)).rfc3339
            let took = try await Blocking.time { try server.ask("/test-clock", #"{"now":"\#(now)"}"#, method: "PUT") }
            watch.cancel()
            return (took, await watch.value - before)
        }
        let total = try await store.open { store in
            let invoices = try store.engine.read(store.environment) { view in
                try view.invoices(limit: .max) { invoice in invoice.lines.contains { $0.type == .usage } }
            }
            try BenchFailure.require(invoices.count { $0.status == .open }, is: companies, "final invoices")
            return invoices.reduce(0) { $0 + $1.total }
        }
        try BenchFailure.require(total, is: Self.total(of: companies), "the sum of the invoices")
        return Measurement(
            [
                .perSecond: Double(companies) / took.inSeconds, .seconds: took.inSeconds,
                .growthMebibytes: Double(growth) / 1_048_576,
            ], proof: "total \(total)")
    }

    private static func prepare(_ store: OpenStore, _ companies: Int) async throws {
        try await store.makeEnvironment()
        let environment = store.environment
        try await store.engine.setTestClock(monthStart, in: environment)
        let names = ["unit", "overage", "graduated", "volume"]
        let plan = try await store.makePlan(
            charge: .recurring, prices: [PriceInput(interval: .monthly, amount: baseFee, currency: .usd)],
            Array(zip(names, grants)))
        try await withThrowingTaskGroup { group in
            // Many at once, so that their commits are shared.
            for worker in 0..<64 {
                group.addTask {
                    for number in stride(from: worker, to: companies, by: 64) {
                        let company = try await store.engine.execute(
                            UpsertCompany(keys: ["id": BenchStore.company(number)]), in: environment)
                        var change = ManagePlan(companyID: company.id)
                        change.basePlanID = plan.id
                        let outcome = try await store.engine.execute(change, in: environment)
                        try BenchFailure.require(outcome.success, is: true, "subscribing company \(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
        for name in names {
            for start in stride(from: 0, to: companies, by: Engine.batchLimit) {
                let events = (start..<min(start + Engine.batchLimit, companies)).map { number in
                    UsageEvent(
                        company: ["id": BenchStore.company(number)], event: name, quantity: usage(of: number))
                }
                let answer = try await store.engine.track(events, in: environment)
                try BenchFailure.require(answer.accepted, is: events.count, "accepted")
            }
        }
    }

    /// One of each way to bill usage in arrears.
    private static var grants: [EntitlementInput] {
        var unit = EntitlementInput(valueType: .unlimited)
        unit.priceBehavior = .payAsYouGo
        unit.unitPrices.monthly = Decimal("0.25")
        var overage = EntitlementInput(valueType: .unlimited)
        overage.priceBehavior = .overage
        overage.softLimit = 100
        overage.unitPrices.monthly = Decimal("1.5")
        let tiers = [
            PriceTier(upTo: 100, unitAmount: 3), PriceTier(upTo: 1_000, unitAmount: 2),
            PriceTier(upTo: nil, unitAmount: 1),
        ]
        return [unit, overage]
            + [TierMode.graduated, .volume].map { mode in
                var tiered = EntitlementInput(valueType: .unlimited)
                tiered.priceBehavior = .tier
                tiered.tierMode = mode
                tiered.tiers.all = tiers
                return tiered
            }
    }

    // MARK: - PostgreSQL

    static func postgres(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await PostgresServer.with { server in
            try server.ask(tables(companies))
            try server.ask("VACUUM ANALYZE")
            let took = try await Blocking.time { try server.ask(closing) }
            let invoices = try server.ask("SELECT count(*) FROM invoices JOIN lines ON invoice = id WHERE feature = 0")
            try BenchFailure.require(invoices, is: "\(companies)", "invoices")
            let total = Int64(try server.ask("SELECT sum(total) FROM invoices"))
            try BenchFailure.require(total, is: Self.total(of: companies), "the sum of the invoices")
            let lines = Int64(try server.ask("SELECT sum(amount) FROM lines"))
            try BenchFailure.require(lines, is: total, "the sum of the lines")
            return Measurement(
                [.perSecond: Double(companies) / took.inSeconds, .seconds: took.inSeconds],
                proof: "total \(Self.total(of: companies))")
        }
    }

    private static func tables(_ companies: Int) -> String {
        """
        CREATE TABLE prices (feature int PRIMARY KEY, model text NOT NULL, unit numeric, included bigint);
        INSERT INTO prices VALUES
            (1, 'unit', 0.25, 0), (2, 'overage', 1.5, 100), (3, 'graduated', NULL, 0), (4, 'volume', NULL, 0);
        CREATE TABLE tiers (feature int, above bigint, up_to bigint, unit numeric, PRIMARY KEY (feature, above));
        INSERT INTO tiers SELECT feature, above, up_to, unit FROM generate_series(3, 4) feature,
            (VALUES (0, 100, 3), (100, 1000, 2), (1000, 9223372036854775807, 1)) tier (above, up_to, unit);
        CREATE TABLE subscriptions (company int PRIMARY KEY, starts timestamptz NOT NULL, ends timestamptz NOT NULL);
        INSERT INTO subscriptions SELECT company, '2026-01-01Z', '2026-02-01Z'
            FROM generate_series(0, \(companies - 1)) company;
        CREATE TABLE counters (company int, feature int, starts timestamptz, usage bigint NOT NULL,
            PRIMARY KEY (company, feature, starts));
        INSERT INTO counters SELECT company, feature, '2026-01-01Z', company % 3000 + 1
            FROM generate_series(0, \(companies - 1)) company, generate_series(1, 4) feature;
        CREATE TABLE invoices (id bigserial PRIMARY KEY, company int NOT NULL, number bigint UNIQUE NOT NULL,
            starts timestamptz NOT NULL, ends timestamptz NOT NULL, total bigint NOT NULL, status text NOT NULL);
        CREATE INDEX ON invoices (company);
        CREATE TABLE lines (invoice bigint, feature int, quantity bigint NOT NULL, amount bigint NOT NULL,
            PRIMARY KEY (invoice, feature));
        """
    }

    /// Several statements sent together are one transaction.
    private static let closing = """
        CREATE TEMP TABLE rated ON COMMIT DROP AS
            SELECT company, feature, usage, round(CASE model
                WHEN 'unit' THEN usage * unit
                WHEN 'overage' THEN greatest(0, usage - included) * unit
                WHEN 'graduated' THEN (
                    SELECT sum(greatest(0, least(usage, up_to) - above) * tiers.unit) FROM tiers
                    WHERE tiers.feature = counters.feature)
                ELSE (
                    SELECT usage * tiers.unit FROM tiers
                    WHERE tiers.feature = counters.feature AND usage > above AND usage <= up_to)
                END)::bigint AS amount
            FROM subscriptions JOIN counters USING (company, starts) JOIN prices USING (feature)
            WHERE ends <= '2026-02-01Z';
        INSERT INTO invoices (company, number, starts, ends, total, status)
            SELECT company, row_number() OVER (ORDER BY company), starts, ends, used + \(baseFee), 'open'
            FROM subscriptions JOIN (SELECT company, sum(amount) AS used FROM rated GROUP BY company) sums
                USING (company);
        INSERT INTO lines SELECT id, feature, usage, amount FROM rated JOIN invoices USING (company)
            UNION ALL SELECT id, 0, 1, \(baseFee) FROM invoices;
        UPDATE subscriptions SET starts = ends, ends = ends + interval '1 month' WHERE ends <= '2026-02-01Z';
        """
}

/// A call that blocks its thread, on a thread of its own, so that those of tasks stay free.
private enum Blocking {
    /// Answers how long it took.
    static func time(_ body: @escaping @Sendable () throws -> Void) async throws -> Duration {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try ContinuousClock().measure(body) })
            }
        }
    }
}
