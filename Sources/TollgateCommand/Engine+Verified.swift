internal import Tollgate

extension Engine {
    /// Verifies with a progress line, and says what was compared.
    func verified(_ title: String) throws -> VerifyReport {
        var progress = ProgressLine()
        let report = try verify { entries in
            progress.show(title, done: entries, of: "journal entries", fraction: nil)
        }
        progress.clear()
        Console.say(
            """
            \(title)\(report.entries.grouped) journal entries with \(report.events.grouped) events replayed, \
            \(report.invoices.grouped) invoices added up: \(report.differences.count.grouped) differences, \
            \(progress.elapsed.brief)
            \(String(repeating: " ", count: title.count))journal position \(report.journalPosition)
            \(String(repeating: " ", count: title.count))billed \(report.billed.grouped) + corrected \
            \(report.corrected.grouped) + unbilled \(report.unbilled.grouped) = metered \(report.metered.grouped)
            """)
        return report
    }
}
