import Basics
import Billing
import Catalog
import Foundation
import Model
import Store
import TestSupport
import Testing
import Tollgate

/// Thousands of periods end at once, and the process dies again and again meanwhile.
@Suite("A close that is killed", .serialized)
struct KilledCloseTests {
    private static let companies = 2_000

    /// Two directories with the same companies, subscribed and with use, none closed yet.
    private func prepare() async throws -> (calm: String, killed: String, environment: EnvironmentID) {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("One", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        let (engine, environment) = (shop.engine, shop.environment)
        try await withThrowingTaskGroup { group in
            for worker in 0..<32 {
                group.addTask {
                    for number in stride(from: worker, to: Self.companies, by: 32) {
                        let upsert = UpsertCompany(keys: ["id": "c\(number)"])
                        var manage = ManagePlan(companyID: try await engine.execute(upsert, in: environment).id)
                        manage.basePlanID = plan.id
                        _ = try await engine.execute(manage, in: environment)
                    }
                }
            }
            try await group.waitForAll()
        }
        let events = (0..<Self.companies).map { number in
            UsageEvent(company: ["id": "c\(number)"], event: "calls", quantity: Int64(number) + 1)
        }
        let answer = try await engine.track(events, in: environment)
        #expect(answer.accepted == Self.companies)
        engine.close()
        let copies = (shop.directory + "-calm", shop.directory + "-killed")
        try FileManager.default.copyItem(atPath: shop.directory, toPath: copies.0)
        try FileManager.default.copyItem(atPath: shop.directory, toPath: copies.1)
        return (copies.0, copies.1, environment)
    }

    /// Months in which everybody's period ends: at the last one's end drafts wait for their grace.
    private static let end = "2024-03-01T00:30:00Z"

    /// Closes what is not closed yet. Answers all invoices as they are stored.
    private func closed(_ directory: String, _ environment: EnvironmentID) async throws -> [[UInt8]] {
        let engine = try Engine.open(directory, options: Workshop.options)
        defer { engine.close() }
        try await engine.setTestClock(Timestamp(rfc3339: Self.end)!, in: environment)
        #expect(try engine.verify().differences == [])
        return try engine.read(environment) { try $0.invoices(limit: .max) }.map(\.packed)
    }

    @Test("anywhere and time after time gives the same invoices to the byte")
    func killed() async throws {
        let (calm, killed, environment) = try await prepare()
        defer {
            for directory in [calm, killed] { try? FileManager.default.removeItem(atPath: directory) }
        }
        let expected = try await closed(calm, environment)
        // One at the start, and one for each month.
        #expect(expected.count == Self.companies * 3)
        for _ in 0..<4 {
            let stage = Int.random(in: 1...8)
            await #expect(processExitsWith: .exitCode(7)) {
                [directory = killed as String, stage = stage as Int, ordinal = environment.ordinal as UInt64] in
                try await Self.die(at: stage, of: directory, EnvironmentID(ordinal: ordinal))
            }
        }
        #expect(try await closed(killed, environment) == expected)
    }

    /// Ends this process in the middle of a commit of the close: as it begins, half written, or before it is told.
    private static func die(at stage: Int, of directory: String, _ environment: EnvironmentID) async throws {
        let stages = Locked(0)
        var options = Workshop.options
        options.closesTogether = 100
        options.commitProbe = { _ in
            stages.withLock { count in
                count += 1
                if count == stage { _exit(7) }
            }
        }
        let engine = try Engine.open(directory, options: options)
        try await engine.setTestClock(Timestamp(rfc3339: end)!, in: environment)
        _exit(7)
    }
}
