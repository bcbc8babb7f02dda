import Basics
import Model
import Testing

@testable import Tollgate

@Suite struct RecordCacheTests {
    private final class Box: Sendable {
        let id: Identifier<Company>

        init(_ id: Identifier<Company>) { self.id = id }
    }

    /// All in one shard.
    private static func id(_ number: Int) -> Identifier<Company> { Identifier(ordinal: UInt64(number) * 64) }

    @Test func aFullShardKeepsHalfAndWhatWasAskedForFirst() throws {
        let cache = RecordCache<Company, Box>(limit: 10)
        var loads = 0
        func ask(_ number: Int) throws {
            let box = try cache.value(Self.id(number)) { id in
                loads += 1
                return Box(id)
            }
            #expect(box?.id == Self.id(number))
        }
        for number in 0..<10 { try ask(number) }
        for number in 3..<7 { try ask(number) }
        #expect(loads == 10)
        try ask(10)
        for number in 3..<7 { try ask(number) }
        try ask(10)
        #expect(loads == 11, "what was asked for since is still there")
        // Nothing is loaded in their place, so that asking makes no room itself.
        var missing = 0
        for number in 0..<10 where !(3..<7).contains(number) {
            _ = try cache.value(Self.id(number)) { _ in
                missing += 1
                return nil
            }
        }
        #expect(missing == 5, "of the six others one was kept")
    }

    @Test func whatWasForgottenWhileItWasReadIsNotKept() throws {
        let cache = RecordCache<Company, Box>()
        var loads = 0
        for _ in 0..<2 {
            _ = try cache.value(Self.id(1)) { id in
                loads += 1
                if loads == 1 { cache.forget(id) }
                return Box(id)
            }
        }
        #expect(loads == 2)
    }
}
