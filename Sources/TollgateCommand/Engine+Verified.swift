internal import Tollgate

extension Engine {
    /// Verifies with a progress line, and says in one line what was compared.
    func verified(_ title: String) async throws -> VerifyReport {
        let progress = ProgressLine()
        let report = try await verify { _ in }
        progress.clear()
        Console.say("\(title): \(report.differences.count.grouped) differences in \(progress.elapsed.brief)")
        return report
    }
}
