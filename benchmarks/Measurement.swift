/// What one benchmark found.
struct Measurement: Codable {
    let name: String
    /// What was counted: "events".
    let unit: String
    let count: Int
    let seconds: Double
    /// Of single operations, where they were timed one by one.
    var p50Micros: Double?
    var p99Micros: Double?
    /// A number that only comes out when the work was done, the same on every machine.
    let proof: String

    var perSecond: Int { Int(Double(count) / seconds) }

    init(_ name: String, _ unit: String, count: Int, took: Duration, latencies: [Duration] = [], proof: String) {
        self.name = name
        self.unit = unit
        self.count = count
        self.proof = proof
        seconds = took / .seconds(1)
        let sorted = latencies.sorted()
        if !sorted.isEmpty {
            p50Micros = sorted[sorted.count / 2] / .microseconds(1)
            p99Micros = sorted[sorted.count * 99 / 100] / .microseconds(1)
        }
    }

    static func table(_ measurements: [Measurement]) -> String {
        let head = ["benchmark", "count", "seconds", "per second", "p50 µs", "p99 µs", "proof"]
        let rows = measurements.map { measurement in
            [
                measurement.name, "\(measurement.count) \(measurement.unit)", rounded(measurement.seconds),
                "\(measurement.perSecond)", measurement.p50Micros.map(rounded) ?? "",
                measurement.p99Micros.map(rounded) ?? "", measurement.proof,
            ]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max()! }
        return ([head] + rows).map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func rounded(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let places = hundredths % 100
        return "\(hundredths / 100)." + (places < 10 ? "0" : "") + "\(places)"
    }
}

/// FNV-1a over what a benchmark produced.
struct Proof {
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ number: Int64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            hash = (hash ^ UInt64(UInt8(truncatingIfNeeded: number >> Int64(shift)))) &* 0x0100_0000_01B3
        }
    }

    var text: String { String(hash, radix: 16) }
}
