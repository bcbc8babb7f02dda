internal import ArgumentParser
internal import Tollgate

struct Usage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what each company has used of each of its features in the current period.",
        discussion: """
            Example: tollgate usage --data ./data --company id=acme

            used counts against the limit of the feature's own period; billed is what the running billing period \
            has come to.
            """)

    @OptionGroup var store: DataOption
    @OptionGroup var environments: EnvironmentOption
    @OptionGroup var companies: CompanyOption
    @OptionGroup var output: FormatOption

    func run() async throws {
        try await store.withEngine { engine in
            let environment = try environments.environment(in: engine)
            let table = try engine.read(environment.id) { view in
                var table = Table("company", "feature", "type", "used", "limit", "billed", "resets_at")
                let chosen = try companies.company(in: view).map { [$0] }
                for company in try chosen ?? view.list(Company.self, limit: .max) {
                    try append(company, to: &table, view)
                }
                return table
            }
            Console.say(table.text(output.format))
        }
    }

    private func append(_ company: Company, to table: inout Table, _ view: ReadView) throws {
        for usage in try view.entitledFeatures(of: company) {
            let isMetered = usage.feature.type != .boolean
            table.append(
                .text(view.label(of: company)), .text(usage.feature.name), .text(usage.feature.type.rawValue),
                isMetered ? .number(usage.usage) : .none, usage.allocation.map { .number($0) } ?? .none,
                usage.billedUsage.map { .number($0) } ?? .none, usage.resetAt.map { .time($0) } ?? .none)
        }
    }
}
