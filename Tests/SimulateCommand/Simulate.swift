internal import ArgumentParser
internal import Simulation

@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate-simulate",
        abstract: "Let the engine live many random lives beside a plain model of it, until they disagree.",
        discussion: """
            Each life has a seed, which repeats it: a random catalog, then random steps, with failing disks and crashes. \
            The lives have the seeds S, S + 1, S + 2 and so on.
            """)

    @Option(help: "How long to go on.")
    var seconds: Int = 60

    @Option(help: "The first seed; a fresh one when it is not given.")
    var seed: UInt64 = .random(in: 0..<1_000_000_000)

    @Option(help: "Steps of each life.")
    var steps: Int = 400

    func run() async throws {
        print("seed \(seed)")
        let started = ContinuousClock.now
        var life = seed
        var tally: [String: Int] = [:]
        repeat {
            do {
                let lived = try await live(life, steps: steps)
                tally.merge(lived.tally, uniquingKeysWith: +)
                for (kind, count) in lived.linesBilled { tally["lines: \(kind)", default: 0] += count }
            } catch let divergence as Divergence {
                print(divergence)
                throw ExitCode.failure
            }
            life += 1
        } while ContinuousClock.now - started < .seconds(seconds)
        for (event, count) in tally.sorted(by: { $0.key < $1.key }) { print("\(count)\t\(event)") }
        print("\(life - seed) lives of \(steps) steps: no divergence")
    }
}
