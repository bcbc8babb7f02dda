import Basics
import Foundation
import Synchronization
import Testing

@Suite struct GateTests {
    /// As the committer beside the closer: without taking turns it waited for as long as there was something to close.
    @Test func `who comes back at once does not keep another one out`() {
        let gate = Gate()
        let passes = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
        Thread.detachNewThread {
            while !isOver.load(ordering: .relaxed) {
                gate.exclusive {
                    passes.wrappingAdd(1, ordering: .relaxed)
                    // At work, not asleep: it is the thread that runs which is faster to come back.
                    let end = ContinuousClock.now + .milliseconds(2)
                    while ContinuousClock.now < end {}
                }
            }
        }
        while passes.load(ordering: .relaxed) == 0 { usleep(100) }
        let waits = (0..<20).map { _ in
            // Until the other one is inside again.
            usleep(500)
            let before = passes.load(ordering: .relaxed)
            return gate.exclusive { passes.load(ordering: .relaxed) - before }
        }
        isOver.store(true, ordering: .relaxed)
        // One that is inside, and more only when this thread was kept from coming.
        #expect(waits.count { $0 <= 20 } > 17, "passes of the other one: \(waits)")
    }
}
