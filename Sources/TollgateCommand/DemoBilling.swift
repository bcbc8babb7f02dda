internal import Tollgate

/// The month's end: the clock passes it, every period closes, the invoices are compared with what was sent.
enum DemoBilling {
    private static let shown = 10

    static func run(_ world: DemoWorld, expecting traffic: DemoTraffic) async throws {
        let progress = ProgressLine()
        // The grace for late events is an hour; then drafts become open invoices with numbers.
        try await world.engine.setTestClock(DemoWorld.monthEnd + .hours(1), in: world.environment.id)
        let took = progress.elapsed
        let invoices = try world.engine.read(world.environment.id) { view in
            try view.invoices(limit: .max) { $0.period.end == DemoWorld.monthEnd && $0.isClosing }
        }
        Console.say(
            """
            6 billing   the clock moves to \((DemoWorld.monthEnd + .hours(1)).rfc3339): \
            \(invoices.count.grouped) periods closed, \(took.rate(of: invoices.count).grouped) invoices/s

            """)
        try show(invoices, world)
        try compare(invoices, traffic, world)
    }

    private static func show(_ invoices: [Invoice], _ world: DemoWorld) throws {
        var table = Table("invoice", "company", "plan", "api calls", "gigabytes", "total")
        let largest = invoices.sorted { ($1.total, $0.companyID) < ($0.total, $1.companyID) }.prefix(shown)
        try world.engine.read(world.environment.id) { view in
            for invoice in largest {
                let plan = try view.get(invoice.companyID)?.plan.flatMap { try view.get($0.planID) }
                table.append(
                    .text(invoice.number ?? "draft"), .text(try view.label(of: invoice.companyID)),
                    .text(plan?.name ?? ""),
                    .number(invoice.quantity(of: "api-calls")), .number(invoice.quantity(of: "storage")),
                    .money(Money(minorUnits: invoice.total, currency: invoice.currency)))
            }
        }
        Console.say(table.aligned)
        let total = Money(minorUnits: invoices.reduce(0) { $0 + $1.total }, currency: .usd)
        Console.say("\n            the \(shown) largest of \(invoices.count.grouped); all together \(total)")
    }

    /// What the invoices bill must be what the demo sent, to the unit.
    private static func compare(_ invoices: [Invoice], _ traffic: DemoTraffic, _ world: DemoWorld) throws {
        let calls = invoices.reduce(0) { $0 + $1.quantity(of: "api-calls") }
        let gigabytes = invoices.reduce(0) { $0 + $1.quantity(of: "storage") }
        guard calls == traffic.calls, gigabytes == traffic.gigabytes else {
            throw CommandFailure.refused(
                "the invoices bill \(calls) calls and \(gigabytes) GB, not \(traffic.calls) and \(traffic.gigabytes)"
            )
        }
        Console.say("            billed: \(calls.grouped) calls and \(gigabytes.grouped) GB, exactly what was sent\n")
    }
}

extension Invoice {
    /// Whether it bills usage of an ended period, unlike the first invoice of a subscription.
    fileprivate var isClosing: Bool { lines.contains { $0.type == .usage } }

    /// The billed usage of a feature, by the key of its flag.
    fileprivate func quantity(of feature: String) -> Int64 {
        lines.filter { $0.type == .usage && $0.featureKey == feature }
            .reduce(0) { $0 + Int64($1.quantity.coefficient) }
    }
}
