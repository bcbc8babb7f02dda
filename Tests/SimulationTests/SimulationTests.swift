import Foundation
import Simulation
import Testing

@Suite("The simulation", .serialized)
struct SimulationTests {
    @Test("finds engine and model agreed in fresh lives")
    func freshLives() async throws {
        let first = UInt64.random(in: 0..<1_000_000_000)
        print("seeds from \(first) on")
        for seed in first..<first + 4 { try await live(seed, steps: 250) }
    }

    /// Every seed that has ever found something, with the steps that it took.
    @Test("finds nothing any more where it found something", arguments: pastSeeds)
    func pastLives(seed: UInt64, steps: Int) async throws {
        try await live(seed, steps: steps)
    }

    @Test("repeats a life by its seed")
    func repetition() async throws {
        var digests: [[String]] = []
        for _ in 0..<2 { digests.append(try await live(20, steps: 150).digest()) }
        #expect(digests[0] == digests[1])
        #expect(digests[0].count > 20)
    }

    /// Five lives at most.
    @Test("raises the alarm for every planted bug", arguments: Mutant.allCases)
    func plantedBug(mutant: Mutant) async throws {
        await #expect(throws: Divergence.self) {
            for seed in 1...5 as ClosedRange<UInt64> { try await live(seed, steps: 400, mutant: mutant) }
        }
    }
}

private let pastSeeds: [(UInt64, Int)] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("seeds.txt")
    let text = try! String(contentsOf: file, encoding: .utf8)
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
        let words = line.split(separator: " ")
        return (UInt64(words[0])!, Int(words[1])!)
    }
}()
