internal import Foundation

/// One run as one line of the results file.
struct RunRecord: Encodable {
    struct Work: Encodable {
        let name: String
        let unit: String
        let contenders: [Contender]
        let goals: [Goal]
    }

    struct Contender: Encodable {
        let name: String
        let medians: [String: Double]
        /// The same figures, of each round.
        let rounds: [[String: Double]]
        let proof: String
    }

    struct Goal: Encodable {
        let figure: String
        let toReach: String
        let found: Double
        let isReached: Bool
    }

    let at: String
    let label: String
    let cores: Int
    let works: [Work]

    init(_ comparisons: [Comparison], label: String) {
        at = Date().ISO8601Format()
        self.label = label
        cores = ProcessInfo.processInfo.activeProcessorCount
        works = comparisons.map(Work.init)
    }

    /// Adds the line to the file, which is made when it is not there.
    func append(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = try encoder.encode(self) + Data("\n".utf8)
        if !FileManager.default.fileExists(atPath: path) {
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw BenchFailure("\(path) cannot be made: run from the project's root, or name --results")
            }
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: line)
        try file.close()
    }
}

extension RunRecord.Work {
    fileprivate init(_ comparison: Comparison) {
        name = comparison.scenario.name
        unit = comparison.scenario.unit
        contenders = comparison.scenario.contenders.compactMap { contender in
            guard let rounds = comparison.rounds[contender.name], let last = rounds.last else { return nil }
            let medians = last.figures.keys.map { ($0.rawValue, comparison.median($0, of: contender.name)!) }
            return RunRecord.Contender(
                name: contender.name, medians: Dictionary(uniqueKeysWithValues: medians),
                rounds: rounds.map { round in
                    Dictionary(uniqueKeysWithValues: round.figures.map { ($0.rawValue, $1) })
                }, proof: last.proof)
        }
        goals = comparison.scenario.goals.compactMap { goal in
            comparison.value(of: goal).map { value in
                RunRecord.Goal(
                    figure: goal.description, toReach: goal.bound.description, found: value,
                    isReached: goal.isReached(by: value))
            }
        }
    }
}
