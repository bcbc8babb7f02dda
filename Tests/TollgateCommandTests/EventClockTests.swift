import Testing
import Tollgate

@testable import TollgateCommand

@Suite struct EventClockTests {
    private func clock(grace: Int64) -> EventClock {
        var environment = Environment(
            id: EnvironmentID(ordinal: 1), name: "test", type: .staging, createdAt: Timestamp(seconds: 0))
        environment.billing.invoiceGraceSeconds = grace
        return EventClock(environment)
    }

    private func admits(_ clock: EventClock, _ line: String) -> Bool {
        Array(line.utf8).withUnsafeBytes { clock.admits($0) }
    }

    private func event(_ time: String) -> String {
        #"{"type":"track","sent_at":"\#(time)","body":{"company":{"id":"a"},"event":"e"}}"# + "\n"
    }

    @Test func `a batch spans less than the grace`() {
        let clock = clock(grace: 60)
        clock.startBatch()
        #expect(admits(clock, event("2026-01-01T00:00:30Z")))
        #expect(admits(clock, event("2026-01-01T00:01:29.999Z")))
        #expect(!admits(clock, event("2026-01-01T00:01:30Z")))
        #expect(clock.latest == Timestamp(rfc3339: "2026-01-01T00:01:29.999Z"))
        clock.startBatch()
        #expect(admits(clock, event("2026-01-01T00:01:30Z")))
        #expect(clock.latest == Timestamp(rfc3339: "2026-01-01T00:01:30Z"))
    }

    @Test func `without a grace only events of one time share a batch`() {
        let clock = clock(grace: 0)
        clock.startBatch()
        #expect(admits(clock, event("2026-01-01T00:00:30Z")))
        #expect(admits(clock, event("2026-01-01T00:00:30Z")))
        #expect(!admits(clock, event("2026-01-01T00:00:30.001Z")))
    }

    @Test func `lines that name no time go along, and the clock never goes back`() {
        let clock = clock(grace: 60)
        clock.startBatch()
        #expect(admits(clock, "{}\n") && admits(clock, "nonsense\n") && admits(clock, "\n"))
        #expect(clock.latest == nil)
        #expect(admits(clock, event("2026-01-01T00:00:30Z")))
        #expect(admits(clock, event("2025-01-01T00:00:00Z")))
        #expect(clock.latest == Timestamp(rfc3339: "2026-01-01T00:00:30Z"))
    }
}
