internal import Tollgate

/// "May this company do this now?", asked as often as this thread can.
enum DemoChecks {
    private static let count = 200_000

    static func run(_ world: DemoWorld) throws {
        var random = SplitMix64(seed: 7)
        let companies = world.free + world.paying
        let flags = ["api-calls", "storage", "seats", "sso"]
        var granted = 0
        let progress = ProgressLine()
        for _ in 0..<count {
            let company = companies[Int(random.next(upperBound: UInt(companies.count)))]
            let flag = flags[Int(random.next(upperBound: UInt(flags.count)))]
            if try world.engine.isOn(flag, company: ["id": company], in: world.environment.id) {
                granted += 1
            }
        }
        let took = progress.elapsed
        Console.say(
            "5 checks    \(count.grouped) on one thread: \(granted.grouped) yes, \((count - granted).grouped) no; "
                + "\(took.rate(of: count).grouped) checks/s")
    }
}
