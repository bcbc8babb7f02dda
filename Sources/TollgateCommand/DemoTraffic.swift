internal import EventScanner
internal import Glibc
internal import Tollgate

/// A month of usage events of the paying companies, and the demo's own count of it to compare the invoices with.
struct DemoTraffic {
    private(set) var calls: Int64 = 0
    private(set) var gigabytes: Int64 = 0
    private var random = SplitMix64(seed: 2026)

    private static let batch = 5_000
    private static let inFlight = 4

    /// Streams the month in day by day, through the same door as HTTP: bytes of newline-delimited JSON.
    static func stream(_ events: Int, into world: DemoWorld) async throws -> DemoTraffic {
        var traffic = DemoTraffic()
        var progress = ProgressLine(STDOUT_FILENO)
        // Making the bodies is the client's work, so only the waiting for answers is measured.
        var took = Duration.zero
        var last = EventBody([], events: 0)
        for day in 0..<31 {
            let noon = DemoWorld.monthStart + .days(Int64(day)) + .hours(12)
            try await world.engine.setTestClock(noon, in: world.environment.id)
            var numbers = (events * day / 31)..<(events * (day + 1) / 31)
            while !numbers.isEmpty {
                var bodies: [EventBody] = []
                while bodies.count < inFlight, !numbers.isEmpty {
                    bodies.append(traffic.body(numbers.prefix(batch), world.paying))
                    numbers = numbers.dropFirst(batch)
                }
                took += try await world.timeToTrack(bodies)
                last = bodies.last ?? last
                let done = numbers.lowerBound
                progress.show("3 events   ", done: done, of: "events", fraction: Double(done) / Double(events))
            }
        }
        progress.clear()
        Console.say(
            """
            3 events    \(events.grouped) streamed in as JSON lines, each on disk before its answer: \(took.brief), \
            \(took.rate(of: events).grouped) events/s
            """)
        let again = try await world.track(last)
        Console.say(
            "            the last \(last.events.grouped) sent again: \(again.duplicates.grouped) recognised, "
                + "\(again.accepted.grouped) counted twice")
        return traffic
    }

    private mutating func body(_ numbers: Range<Int>, _ companies: [String]) -> EventBody {
        var text = ""
        text.reserveCapacity(numbers.count * 130)
        for number in numbers {
            // The smaller of two draws: the first companies use most, as in life.
            let company = min(
                random.next(upperBound: UInt(companies.count)), random.next(upperBound: UInt(companies.count)))
            let isCall = random.next(upperBound: UInt(10)) > 0
            let quantity = Int64(random.next(upperBound: UInt(isCall ? 100 : 3))) + 1
            if isCall { calls += quantity } else { gigabytes += quantity }
            text += #"{"type":"track","idempotency_key":"demo-"#
            text += String(number)
            text += #"","body":{"company":{"id":""#
            text += companies[Int(company)]
            text += isCall ? #""},"event":"api-call","quantity":"# : #""},"event":"gigabyte","quantity":"#
            text += String(quantity)
            text += "}}\n"
        }
        return EventBody(Array(text.utf8), events: numbers.count)
    }
}

extension DemoWorld {
    fileprivate func track(_ body: EventBody) async throws -> TrackAnswer {
        let answer = try await engine.track(
            body: body.bytes, form: .ndjson, limit: body.events, in: environment.id, key: key)
        guard let rejection = answer.rejected.first else { return answer }
        throw CommandFailure.refused("event \(rejection.index) of the demo was rejected: \(rejection.error)")
    }

    /// Sends all bodies at once, as that many clients would.
    fileprivate func timeToTrack(_ bodies: [EventBody]) async throws -> Duration {
        try await ContinuousClock().measure {
            try await withThrowingTaskGroup { group in
                for body in bodies { group.addTask { _ = try await track(body) } }
                try await group.waitForAll()
            }
        }
    }
}
