import TestSupport
import Testing

@testable import LMDB

@Suite struct ScanTests {
    /// Bounds go wrong at the lowest and highest bytes, and at neighbours.
    private static let universe: [[UInt8]] = [[0], [0, 0], [0, 255], [1], [255], [255, 0], [255, 255]]
    private static let bounds: [[UInt8]] = [[]] + universe + [[0, 255, 0], [255, 255, 255]]

    @Test func `every range of every small table, both ways, is what filtering an array gives`() throws {
        try withStore { environment in
            let table = environment.table("a")
            for subset in 0..<(1 << Self.universe.count) {
                let present = Self.universe.indices.filter { subset >> $0 & 1 == 1 }.map { Self.universe[$0] }
                try environment.write { transaction in
                    try transaction.clear(table)
                    for key in present.shuffled() { try transaction.put(table, key, key) }
                }
                try environment.read { transaction in
                    for from in Self.bounds {
                        for to in Self.bounds.map(Optional.some) + [nil] {
                            let expected = present.filter { key in
                                !key.lexicographicallyPrecedes(from)
                                    && to.map { key.lexicographicallyPrecedes($0) } ?? true
                            }
                            let forward = try transaction.entries(table, from: from, to: to)
                            let backward = try transaction.entries(table, from: from, to: to, reversed: true)
                            let isRight =
                                forward.map(\.key) == expected && backward.map(\.key) == expected.reversed()
                                && forward.allSatisfy { $0.key == $0.value }
                            #expect(isRight, "\(present) from \(from) to \(String(describing: to))")
                        }
                        let next = try transaction.first(table, atOrAfter: from)?.key
                        #expect(next == present.first { !$0.lexicographicallyPrecedes(from) }, "\(present) \(from)")
                    }
                    try #expect(transaction.last(table)?.key == present.last)
                }
            }
        }
    }

    @Test func `every prefix of every small table, both ways, is what filtering an array gives`() throws {
        try withStore { environment in
            let table = environment.table("a")
            for subset in 0..<(1 << Self.universe.count) {
                let present = Self.universe.indices.filter { subset >> $0 & 1 == 1 }.map { Self.universe[$0] }
                try environment.write { transaction in
                    try transaction.clear(table)
                    for key in present { try transaction.put(table, key, []) }
                    // Reads inside of a write see its own changes.
                    for prefix in Self.bounds {
                        let expected = present.filter { $0.starts(with: prefix) }
                        let forward = try transaction.keys(table, prefix: prefix, reversed: false)
                        let backward = try transaction.keys(table, prefix: prefix, reversed: true)
                        #expect(forward == expected, "\(present) prefix \(prefix)")
                        #expect(backward == expected.reversed(), "\(present) prefix \(prefix)")
                    }
                }
            }
        }
    }

    @Test(arguments: [11, 12] as [UInt64])
    func `ranges over many pages`(seed: UInt64) throws {
        try withStore { environment in
            var random = SplitMix(seed: seed)
            let table = environment.table("a")
            let keys = (0..<20_000).filter { _ in Bool.random(using: &random) }.map { bigEndian(UInt32($0)) }
            try environment.write { transaction in
                for key in keys.shuffled(using: &random) { try transaction.put(table, key, [1, 2, 3]) }
            }
            try environment.read { transaction in
                for _ in 0..<100 {
                    let from = bigEndian(UInt32.random(in: 0..<20_000, using: &random))
                    let to = bigEndian(UInt32.random(in: 0..<20_000, using: &random))
                    let expected = keys.filter {
                        !$0.lexicographicallyPrecedes(from) && $0.lexicographicallyPrecedes(to)
                    }
                    let forward = try transaction.entries(table, from: from, to: to).map(\.key)
                    let backward = try transaction.entries(table, from: from, to: to, reversed: true).map(\.key)
                    #expect(forward == expected, "seed \(seed) from \(from) to \(to)")
                    #expect(backward == expected.reversed(), "seed \(seed) from \(from) to \(to)")
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func `a scan stops when told to, and an error goes through it`(reversed: Bool) throws {
        struct Stop: Error {}
        try withStore { environment in
            let table = environment.table("a")
            try environment.write { transaction in
                for byte in UInt8(0)...9 { try transaction.put(table, [byte], []) }
            }
            try environment.read { transaction in
                var visited = 0
                try transaction.forEach(table, reversed: reversed) { _, _ in
                    visited += 1
                    return visited < 4
                }
                #expect(visited == 4)
                #expect(throws: Stop.self) { try transaction.forEach(table, prefix: [5]) { _, _ in throw Stop() } }
            }
        }
    }
}
