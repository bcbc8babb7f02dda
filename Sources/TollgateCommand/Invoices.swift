internal import ArgumentParser
internal import Tollgate

struct Invoices: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show invoices.",
        discussion: """
            Example: tollgate invoices list --data ./data --company id=acme
                     tollgate invoices show --data ./data INV-000042 --format csv
            """,
        subcommands: [InvoicesList.self, InvoicesShow.self])
}

struct InvoicesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List invoices, newest first.",
        discussion: "Example: tollgate invoices list --data ./data --format csv > invoices.csv")

    @OptionGroup var store: DataOption
    @OptionGroup var environments: EnvironmentOption
    @OptionGroup var companies: CompanyOption
    @OptionGroup var output: FormatOption

    @Option(help: "At most so many.")
    var limit: Int?

    func run() async throws {
        try await store.withEngine { engine in
            let environment = try environments.environment(in: engine)
            let table = try engine.read(environment.id) { view in
                var table = Table(
                    "id", "number", "status", "company", "period_start", "period_end", "currency", "total", "remaining")
                for invoice in try view.invoices(of: companies.company(in: view)?.id, limit: limit ?? .max) {
                    table.append(
                        .text(invoice.id.description), invoice.number.map { .text($0) } ?? .none,
                        .text(invoice.status.rawValue), .text(try view.label(of: invoice.companyID)),
                        .time(invoice.period.start), .time(invoice.period.end), .text(invoice.currency.code),
                        .money(Money(minorUnits: invoice.total, currency: invoice.currency)),
                        .money(Money(minorUnits: invoice.amountRemaining, currency: invoice.currency)))
                }
                return table
            }
            Console.say(table.text(output.format))
        }
    }
}

struct InvoicesShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one invoice with its lines.",
        discussion: "Example: tollgate invoices show --data ./data inv_3bTKVfV6GD1")

    @OptionGroup var store: DataOption
    @OptionGroup var environments: EnvironmentOption
    @OptionGroup var output: FormatOption

    @Argument(help: ArgumentHelp("The invoice, by id or number.", valueName: "id"))
    var id: String

    func run() async throws {
        try await store.withEngine { engine in
            let environment = try environments.environment(in: engine)
            try engine.read(environment.id) { view in
                guard let invoice = try find(view) else {
                    throw CommandFailure.refused("there is no invoice \(id) in \(environment.name)")
                }
                if output.format == .table { Console.say(try heading(invoice, view)) }
                Console.say(lines(invoice).text(output.format))
            }
        }
    }

    private func find(_ view: ReadView) throws -> Invoice? {
        if let identifier = Identifier<Invoice>(id) { return try view.get(identifier) }
        return try view.invoices(limit: 1, where: { $0.number == id }).first
    }

    private func heading(_ invoice: Invoice, _ view: ReadView) throws -> String {
        """
        Invoice \(invoice.number ?? "(draft, no number yet)") · \(invoice.status.rawValue) · \(invoice.id)
        \(try view.label(of: invoice.companyID)) · \(invoice.period.start.rfc3339) to \(invoice.period.end.rfc3339)
        Total \(Money(minorUnits: invoice.total, currency: invoice.currency)), \
        remaining \(Money(minorUnits: invoice.amountRemaining, currency: invoice.currency))

        """
    }

    private func lines(_ invoice: Invoice) -> Table {
        var table = Table(
            "type", "description", "quantity", "unit_amount_minor", "currency", "amount", "period_start", "period_end")
        for line in invoice.lines {
            table.append(
                .text(line.type.rawValue), .text(line.description), .text(line.quantity.description),
                line.unitAmount.map { .text($0.description) } ?? .none, .text(invoice.currency.code),
                .money(Money(minorUnits: line.amount, currency: invoice.currency)), .time(line.period.start),
                .time(line.period.end))
        }
        return table
    }
}

extension ReadView {
    /// What a person calls a company: its name, else its first key.
    func label(of id: Identifier<Company>) throws -> String {
        guard let company = try get(id) else { return id.description }
        return label(of: company)
    }

    func label(of company: Company) -> String {
        if !company.name.isEmpty { return company.name }
        return company.keys.first.map { "\($0.name)=\($0.value)" } ?? company.id.description
    }
}
