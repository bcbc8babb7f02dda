internal import Tollgate

/// A month closed for many companies with four priced features each: rated, written, finalised, numbered.
enum CloseBench {
    static func run(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.companies
        return try await BenchStore.with(companies: companies) { store in
            try await use(companies, store)
            let took = try await ContinuousClock().measure {
                try await store.engine.setTestClock(BenchStore.monthEnd + .hours(1), in: store.environment)
            }
            let invoices = try store.engine.read(store.environment) { view in
                try view.invoices(limit: .max) { invoice in invoice.lines.contains { $0.type == .usage } }
            }
            try BenchFailure.require(invoices.count, is: companies, "invoices")
            try BenchFailure.require(invoices.allSatisfy { $0.status == .open }, is: true, "all finalised")
            var proof = Proof()
            for invoice in invoices.sorted(by: { $0.total < $1.total }) { proof.add(invoice.total) }
            return Measurement("invoices", "invoices", count: companies, took: took, proof: proof.text)
        }
    }

    /// Some usage of each feature by each company.
    private static func use(_ companies: Int, _ store: BenchStore) async throws {
        for event in BenchStore.events {
            for start in stride(from: 0, to: companies, by: Engine.batchLimit) {
                let batch = (start..<min(start + Engine.batchLimit, companies)).map { number in
                    UsageEvent(company: BenchStore.company(number), event: event, quantity: Int64(number % 3_000) + 1)
                }
                let answer = try await store.engine.track(batch, in: store.environment)
                try BenchFailure.require(answer.accepted, is: batch.count, "accepted")
            }
        }
    }
}
