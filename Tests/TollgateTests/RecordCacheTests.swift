import Basics
import Model
import Testing

@testable import Tollgate

@Suite struct RecordCacheTests {
    private final class Box: Sendable {
        let id: Identifier<Company>

        init(_ id: Identifier<Company>) { self.id = id }
    }

    @Test func whatWasForgottenWhileItWasReadIsNotKept() throws {
        let cache = RecordCache<Company, Box>(limit: 1 << 10)
        var loads = 0
        for _ in 0..<2 {
            _ = try cache.value(Identifier(ordinal: 64)) { id in
                loads += 1
                if loads == 1 { cache.forget(id) }
                return Box(id)
            }
        }
        #expect(loads == 2)
    }

    @Test func onlyWhatWasRenewedIsReplaced() throws {
        let cache = RecordCache<Company, Box>(limit: 1 << 10)
        let id = Identifier<Company>(ordinal: 1)
        let (old, new) = (Box(id), Box(id))
        _ = try cache.value(id) { _ in old }
        cache.replace(id, new, with: new)
        #expect(try cache.value(id) { _ in nil } === old)
        cache.replace(id, old, with: new)
        #expect(try cache.value(id) { _ in nil } === new)
        cache.forget(id)
        cache.replace(id, new, with: old)
        #expect(try cache.value(id) { _ in nil } == nil)
    }

    @Test func everythingIsKeptUpToTheLimitOfEachShard() throws {
        let cache = RecordCache<Company, Box>(limit: 1 << 14)
        var loads = 0
        for _ in 0..<2 {
            for ordinal in 1...12_000 {
                let id = Identifier<Company>(ordinal: UInt64(ordinal))
                let box = try cache.value(id) { id in
                    loads += 1
                    return Box(id)
                }
                #expect(box?.id == id)
            }
        }
        #expect(loads == 12_000)
    }
}
