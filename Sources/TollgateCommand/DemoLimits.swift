internal import Tollgate

/// Callers that want more than their plan has: `consume` lets exactly the limit through, however many ask at once.
enum DemoLimits {
    private static let companies = 20
    private static let attemptsEach = 1_500
    private static let callers = 64

    static func run(_ world: DemoWorld) async throws {
        let keys = Array(world.free.prefix(companies))
        let progress = ProgressLine()
        let allowed = try await withThrowingTaskGroup { group in
            for caller in 0..<callers {
                group.addTask { try await world.consume(for: keys, caller: caller) }
            }
            return try await group.reduce(0, +)
        }
        let took = progress.elapsed
        let attempts = companies * attemptsEach
        Console.say(
            """
            4 limits    \(companies) Free companies with \(DemoWorld.freeCalls.grouped) calls a month each; \
            \(callers) callers try \(attempts.grouped) times at once
                        \(allowed.grouped) allowed, \((attempts - allowed).grouped) refused, to the call; \
            \(took.rate(of: attempts).grouped) durable decisions/s
            """)
        let expected = companies * Int(DemoWorld.freeCalls)
        guard allowed == expected else {
            throw CommandFailure.refused("\(allowed) calls were allowed where the limits allow \(expected)")
        }
    }

    /// The attempts of all companies dealt out to the callers like cards.
    fileprivate static func attempts(of caller: Int) -> some Sequence<Int> {
        stride(from: caller, to: companies * attemptsEach, by: callers)
    }
}

extension DemoWorld {
    fileprivate func consume(for keys: [String], caller: Int) async throws -> Int {
        var allowed = 0
        for attempt in DemoLimits.attempts(of: caller) {
            var request = ConsumeRequest(company: ["id": keys[attempt % keys.count]])
            request.feature = "api-calls"
            if try await engine.consume(request, in: environment.id).allowed { allowed += 1 }
        }
        return allowed
    }
}
