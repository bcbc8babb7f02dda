internal import Basics
internal import Model
internal import Store

extension Store {
    /// The holds that are open, each by the time of its environment.
    func openHolds(_ clock: () -> Timestamp) throws -> [Hold] {
        var open: [Hold] = []
        let snapshot = try snapshot()
        try snapshot.forEach(Environment.self, in: Engine.wholeStore) { environment in
            let now = environment.testClock ?? clock()
            try snapshot.forEachHold(in: environment.id, from: now - Hold.longestSpan) { hold in
                if hold.status(at: now) == .held { open.append(hold) }
            }
            return true
        }
        return open
    }
}
