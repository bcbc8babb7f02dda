import TestSupport
import Testing

@testable import LMDB

@Suite struct CounterTests {
    @Test func `a counter starts at 0 and is stored as a little-endian integer`() throws {
        try withStore { environment in
            let table = environment.table("a")
            try environment.write { transaction in
                try #expect(transaction.add(table, [1], delta: 5) == 5)
                try #expect(transaction.add(table, [1], delta: -7) == -2)
                try #expect(transaction.add(table, [2], delta: 0) == 0)
                try #expect(transaction.add(table, [3], delta: 258) == 258)
            }
            try environment.write { try #expect($0.add(table, [1], delta: 1) == -1) }
            try environment.read { transaction in
                try #expect(transaction.get(table, [1]) == [UInt8](repeating: 255, count: 8))
                try #expect(transaction.get(table, [2]) == [UInt8](repeating: 0, count: 8))
                try #expect(transaction.get(table, [3]) == [2, 1, 0, 0, 0, 0, 0, 0])
            }
        }
    }

    @Test(
        arguments: [
            (.max, 1), (.max - 1, 2), (.min, -1), (.min, .min), (.max, .max),
        ] as [(Int64, Int64)])
    func `an overflow is an error with both numbers and changes nothing`(start: Int64, delta: Int64) throws {
        try withStore { environment in
            let table = environment.table("a")
            try environment.write { transaction in
                try #expect(transaction.add(table, [1], delta: start) == start)
                #expect(throws: LMDBError(.overflow(value: start, delta: delta), "add")) {
                    try transaction.add(table, [1], delta: delta)
                }
                try #expect(transaction.add(table, [1], delta: 0) == start)
            }
        }
    }

    @Test func `a value of another size is not a counter and stays`() throws {
        try withStore { environment in
            let table = environment.table("a")
            try environment.write { transaction in
                for length in [0, 7, 9] {
                    let value = [UInt8](repeating: 1, count: length)
                    try transaction.put(table, [1], value)
                    let code = LMDBError.code { try transaction.add(table, [1], delta: 1) }
                    #expect(code == .notACounter(bytes: length))
                    try #expect(transaction.get(table, [1]) == value)
                }
            }
        }
    }

    /// The cursor of `add` lives from call to call; everything else that moves the tree must not confuse it.
    @Test(arguments: [21, 22, 23, 24] as [UInt64])
    func `adding between other changes, in two tables, gives what a dictionary gives`(seed: UInt64) throws {
        try withStore(["a", "b"]) { environment in
            var random = SplitMix(seed: seed)
            let tables = [environment.table("a"), environment.table("b")]
            var model: [[[UInt8]: Int64]] = [[:], [:]]
            for _ in 0..<10 {
                try environment.write { transaction in
                    for _ in 0..<5000 {
                        let which = Int.random(in: 0..<20, using: &random) == 0 ? 1 : 0
                        let key = bigEndian(UInt32.random(in: 0..<2000, using: &random))
                        let delta = Int64.random(in: -1000...1000, using: &random)
                        switch Int.random(in: 0..<2000, using: &random) {
                        case 0:
                            try transaction.clear(tables[which])
                            model[which] = [:]
                        case 1..<300:
                            let was = try transaction.delete(tables[which], key)
                            #expect(was == (model[which].removeValue(forKey: key) != nil), "seed \(seed)")
                        case 300..<400:
                            try transaction.put(
                                tables[which], key, withUnsafeBytes(of: delta.littleEndian) { Array($0) })
                            model[which][key] = delta
                        default:
                            model[which][key, default: 0] += delta
                            let sum = try transaction.add(tables[which], key, delta: delta)
                            #expect(sum == model[which][key], "seed \(seed)")
                        }
                    }
                }
                try expectConsistent(environment)
                for which in 0...1 {
                    let entries = try environment.read { try $0.entries(tables[which]) }
                    let stored = entries.map { entry in
                        (
                            entry.key,
                            entry.value.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
                        )
                    }
                    #expect(Dictionary(uniqueKeysWithValues: stored) == model[which], "seed \(seed)")
                }
            }
        }
    }
}
