import ArgumentParser
import Testing

@testable import tollgate_bench

@Suite struct QuickTests {
    /// Every benchmark proves its own work and throws when it did not come out; so all that is left is to run them.
    @Test func `every benchmark runs at its smallest`() async throws {
        let bench = try Bench.parse(["--quick"])
        let measurements = try await bench.measure()
        #expect(measurements.map(\.name) == Scenario.all.map(\.name))
        #expect(measurements.allSatisfy { $0.perSecond > 0 && !$0.proof.isEmpty })
    }

    @Test func `the same work has the same proof`() async throws {
        let bench = try Bench.parse(["--quick", "--only", "events in process"])
        let first = try await bench.measure()
        let second = try await bench.measure()
        #expect(first[0].proof == second[0].proof)
    }

    @Test func `half of the latencies are below p50 and one in a hundred above p99`() {
        let latencies = (1...100).map { Duration.microseconds($0) }.shuffled()
        let measurement = Measurement("m", "ops", count: 100, took: .seconds(2), latencies: latencies, proof: "")
        #expect(measurement.p50Micros == 51)
        #expect(measurement.p99Micros == 100)
        #expect(measurement.perSecond == 50)
    }
}
