import Basics
import Dispatch
import Entitlements
import Model
import Store
import Testing
import Tollgate

@Suite("Who follows changes")
struct FollowTests {
    /// Holds commits up, or makes them fail.
    private final class Brake: Sendable {
        private let isOn = Locked(false)
        private let isBroken = Locked(false)
        private let released = DispatchSemaphore(value: 0)

        var probe: CommitProbe {
            { stage in
                guard stage == .begun else { return }
                if self.isOn.withLock({ $0 }) { self.released.wait() }
                if self.isBroken.withLock({ $0 }) { throw StoreFailure("the brake is broken") }
            }
        }

        func hold() { isOn.withLock { $0 = true } }

        func release(failing: Bool = false) {
            isOn.withLock { $0 = false }
            isBroken.withLock { $0 = failing }
            released.signal()
        }

        func mend() { isBroken.withLock { $0 = false } }
    }

    private func shop(_ brake: Brake) async throws -> (Workshop, Company) {
        var options = Workshop.options
        options.commitProbe = brake.probe
        let shop = try await Workshop(options: options)
        let calls = try await shop.eventFeature("calls")
        return (shop, try await shop.company("acme", on: shop.plan("Free", [(calls, .limit(10, .currentMonth))])))
    }

    /// What is used of the calls, as it can be seen now.
    private func seen(_ shop: Workshop, _ company: Company) throws -> Int64? {
        try shop.engine.use(of: company.id, in: shop.environment)?.metrics.first?.value
    }

    @Test("is told that something is durable when it is, and no earlier")
    func durable() async throws {
        let brake = Brake()
        let (shop, acme) = try await shop(brake)
        brake.hold()
        let sending = Task { [engine = shop.engine, environment = shop.environment] in
            try await engine.track([UsageEvent(company: ["id": "acme"], event: "calls")], in: environment)
        }
        while try seen(shop, acme) != 1 { await Task.yield() }
        let told = Locked<Bool?>(nil)
        let settled = DispatchSemaphore(value: 0)
        shop.engine.whenDurable(since: shop.engine.failures) { isDurable in
            told.withLock { $0 = isDurable }
            settled.signal()
        }
        #expect(value(told) == nil, "the commit has not been written")
        brake.release()
        _ = try await sending.value
        await wait(for: settled)
        #expect(value(told) == true)
    }

    @Test("is told that something was taken back, and that all must be looked at again")
    func failed() async throws {
        let brake = Brake()
        let (shop, acme) = try await shop(brake)
        shop.engine.changes.follow {}
        let failures = shop.engine.failures
        brake.hold()
        let sending = Task { [engine = shop.engine, environment = shop.environment] in
            try await engine.track([UsageEvent(company: ["id": "acme"], event: "calls")], in: environment)
        }
        while try seen(shop, acme) != 1 { await Task.yield() }
        let told = Locked<Bool?>(nil)
        let settled = DispatchSemaphore(value: 0)
        shop.engine.whenDurable(since: failures) { isDurable in
            told.withLock { $0 = isDurable }
            settled.signal()
        }
        brake.release(failing: true)
        await #expect(throws: StoreFailure.self) { try await sending.value }
        await wait(for: settled)
        #expect(value(told) == false)
        #expect(shop.engine.changes.take().isEverything)
        let left = try seen(shop, acme)
        #expect(left == 0)
        brake.mend()

        // Whoever looked before the failure and asks after it is not told that it is durable.
        shop.engine.whenDurable(since: failures) { isDurable in
            told.withLock { $0 = isDurable }
            settled.signal()
        }
        await wait(for: settled)
        #expect(value(told) == false)
    }

    private func value(_ told: Locked<Bool?>) -> Bool? { told.withLock { $0 } }

    private func wait(for semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                semaphore.wait()
                continuation.resume()
            }
        }
    }

    @Test("gets the names of what changed, once, and nothing of what happened before")
    func names() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Free", [(calls, .limit(10))])
        let wakes = Locked(0)
        func woken() -> Int { wakes.withLock { $0 } }
        shop.engine.changes.follow { wakes.withLock { $0 += 1 } }
        let acme = try await shop.company("acme", on: plan)
        var records = shop.engine.changes.take().environments[shop.environment]
        #expect(records?.companies == [acme.id] && records?.hasOtherNames == true)
        #expect(records?.hasOtherCatalog == false && woken() == 1)
        #expect(shop.engine.changes.take().environments.isEmpty)

        try await shop.track("calls", "acme")
        #expect(shop.engine.changes.take().used.isEmpty, "nobody follows the company")
        shop.engine.changes.noteUse(by: acme.id)
        try await shop.track("calls", "acme")
        _ = try await shop.consume("calls", "acme", 1)
        #expect(shop.engine.changes.take().used == [acme.id])
        shop.engine.changes.ignoreUse(by: acme.id)

        let override = try await shop.run(
            CreateCompanyOverride(companyID: acme.id, featureID: calls.id, value: EntitlementValue(type: .unlimited)))
        records = shop.engine.changes.take().environments[shop.environment]
        #expect(records?.companies == [acme.id] && records?.hasOtherNames == false)
        try await shop.run(DeleteCompanyOverride(overrideID: override.id))
        #expect(shop.engine.changes.take().environments[shop.environment]?.companies == [acme.id])
        _ = try await shop.eventFeature("more")
        #expect(shop.engine.changes.take().environments[shop.environment]?.hasOtherCatalog == true)
    }

    @Test("learns when a company looks different although nothing happens")
    func changesAt() async throws {
        let shop = try await Workshop(at: "2024-01-10T00:00:00Z")
        let calls = try await shop.eventFeature("calls")
        let acme = try await shop.company("acme", on: shop.plan("Free", [(calls, .limit(10, .currentMonth))]))
        func expectNext(_ time: String, _ location: SourceLocation = #_sourceLocation) throws {
            let next = try shop.engine.use(of: acme.id, in: shop.environment)?.changesAt?.rfc3339
            #expect(next == time, sourceLocation: location)
        }
        try expectNext("2024-02-01T00:00:00Z")
        var create = CreateCompanyOverride(
            companyID: acme.id, featureID: calls.id, value: EntitlementValue(type: .unlimited))
        create.expiresAt = Timestamp(rfc3339: "2024-01-20T00:00:00Z")
        try await shop.run(create)
        try expectNext("2024-01-20T00:00:00Z")
        let request = ReserveRequest(company: ["id": "acme"], event: "calls", quantity: 3)
        let hold = try await shop.engine.reserve(request, in: shop.environment)
        try expectNext("2024-01-10T00:01:00Z")
        let held = try seen(shop, acme)
        #expect(held == 3)
        _ = try await shop.engine.release(hold.id!, in: shop.environment)
        try expectNext("2024-01-20T00:00:00Z")
        try await shop.setClock("2024-01-20T00:00:00Z")
        try expectNext("2024-02-01T00:00:00Z")
        let picture = try #require(try shop.engine.picture(of: acme.id, in: shop.environment))
        #expect(picture.rules.map(\.rule.type) == [.planEntitlement, .planEntitlementUsageExceeded])
    }
}
