import Basics
import Foundation
import Model
import Store
import Testing
import Tollgate

@Suite("A commit that fails", .serialized)
struct FailedCommitTests {
    /// Full: the process may not make files longer than they are. The other tests must not feel it, hence a process of
    /// its own.
    @Test("is told to everybody who waits, takes its counts and keys back, and later work succeeds")
    func diskFull() async {
        await #expect(processExitsWith: .success) {
            let shop = try await Workshop()
            let calls = try await shop.eventFeature("calls")
            let plan = try await shop.plan("Free", [(calls, .limit(1_000_000))])
            let company = try await shop.company("acme", on: plan)
            try await shop.track("calls", "acme", 5, key: "before")
            let disk = FullDisk(shop.directory + "/data.mdb")
            let (engine, environment) = (shop.engine, shop.environment)
            @Sendable func events(_ task: Int) -> [UsageEvent] {
                (0..<2000).map { index in
                    let key = "\(task)-\(index)-" + String(repeating: "x", count: 200)
                    return UsageEvent(company: ["id": "acme"], event: "calls", quantity: 1, idempotencyKey: key)
                }
            }
            let known = try await shop.consume("calls", "acme", 1, key: "kept")
            for _ in 0..<3 {
                disk.fill()
                let failed = await withTaskGroup(of: Bool.self) { group in
                    for task in 0..<8 {
                        group.addTask {
                            do {
                                _ = try await engine.track(events(task), in: environment)
                                return false
                            } catch {
                                return error is StoreFailure
                            }
                        }
                    }
                    group.addTask {
                        do {
                            _ = try await engine.execute(UpsertCompany(keys: ["id": "new"]), in: environment)
                            return true
                        } catch {
                            return error is StoreFailure
                        }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                disk.free()
                try require(failed == 9, "\(failed) of 9 were told that nothing was written")
                try require(try shop.usage(company, calls) == 6, "the counts were taken back")
                try require(try engine.statistics().commitFailures > 0, "a commit failed")
            }
            for task in 0..<8 {
                let answer = try await engine.track(events(task), in: environment)
                try require(answer.accepted == 2000, "the keys were taken back")
            }
            try require(try await shop.consume("calls", "acme", 1, key: "kept") == known, "what was durable stays")
            let again = try await engine.track(
                [UsageEvent(company: ["id": "acme"], event: "calls", quantity: 5, idempotencyKey: "before")],
                in: environment)
            try require(again.duplicates == 1, "a durable key is still known")
            _ = try await shop.run(UpsertCompany(keys: ["id": "new"]))
            for _ in 0..<2 {
                try require(try shop.usage(company, calls) == 16_006, "everything is counted once")
                let report = try engine.verify()
                try require(report.isClean, "\(report.differences)")
            }
        }
    }

    @Test("at the very beginning leaves nothing behind")
    func firstCommit() async {
        await #expect(processExitsWith: .success) {
            let directory = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-test-\(UUID())")
                .path
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let engine = try Engine.open(directory, options: Workshop.options)
            let disk = FullDisk(directory + "/data.mdb")
            disk.fill(leaving: 0)
            let create = CreateEnvironment(name: "test", type: .staging)
            do {
                _ = try await engine.execute(create, in: Engine.wholeStore)
                throw StoreFailure("the disk was not full")
            } catch let failure as StoreFailure where failure.message.hasPrefix("nothing was written") {}
            try require(engine.environments.isEmpty, "no environment is left")
            disk.free()
            let environment = try await engine.execute(create, in: Engine.wholeStore)
            try require(environment.id == EnvironmentID(ordinal: 1), "its id was taken back")
        }
    }
}

/// Ends the process of an exit test with a sentence when something is not as it must be.
private func require(_ condition: Bool, _ sentence: String) throws {
    guard condition else { throw StoreFailure("not so: \(sentence)") }
}

/// Keeps the files of this process from growing.
private struct FullDisk {
    private let path: String

    init(_ path: String) {
        self.path = path
        // Without this the first write too many would end the process.
        signal(SIGXFSZ, SIG_IGN)
    }

    func fill(leaving bytes: UInt = 64 << 10) {
        var status = stat()
        stat(path, &status)
        limit(UInt(status.st_size) + bytes)
    }

    func free() { limit(UInt.max) }

    private func limit(_ bytes: UInt) {
        var limits = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
        limits.rlim_cur = min(rlim_t(bytes), limits.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
    }
}
