import TestSupport
import Testing

@testable import LMDB

@Suite struct TableTests {
    @Test func `what is put is got, also when empty, long or replaced`() throws {
        try withStore { environment in
            let table = environment.table("a")
            let long = [UInt8](repeating: 7, count: 100_000)
            try environment.write { transaction in
                try transaction.put(table, [1], [])
                try transaction.put(table, [2], [20])
                try transaction.put(table, [3], long)
                try transaction.put(table, [2], [21, 22])
            }
            try environment.read { transaction in
                try #expect(transaction.get(table, [1]) == [])
                try #expect(transaction.get(table, [2]) == [21, 22])
                try #expect(transaction.get(table, [3]) == long)
                try #expect(transaction.get(table, [4]) == nil)
                try #expect(transaction.count(table) == 3)
            }
        }
    }

    @Test func `a value is lent without a copy, and a missing one is nil`() throws {
        try withStore { environment in
            let table = environment.table("a")
            try environment.write { try $0.put(table, [1], [10, 11]) }
            try environment.read { transaction in
                let sum = try [1].withUnsafeBytes { key in
                    try transaction.withValue(table, UnsafeRawBufferPointer(rebasing: key[..<1])) { value in
                        value.map { $0.reduce(0) { $0 + Int($1) } }
                    }
                }
                #expect(sum == 21)
                let isMissing = try [2].withUnsafeBytes { key in
                    try transaction.withValue(table, UnsafeRawBufferPointer(rebasing: key[..<1])) { $0 == nil }
                }
                #expect(isMissing)
            }
        }
    }

    @Test func `delete tells whether there was something, clear leaves nothing and no other table is touched`() throws {
        try withStore(["a", "b"]) { environment in
            let (a, b) = (environment.table("a"), environment.table("b"))
            try environment.write { transaction in
                for byte in UInt8(0)...99 {
                    try transaction.put(a, [byte], [byte])
                    try transaction.put(b, [byte], [byte])
                }
                try #expect(transaction.delete(a, [5]))
                try #expect(!transaction.delete(a, [5]))
                try transaction.clear(b)
                try #expect(transaction.count(b) == 0)
            }
            try environment.read { transaction in
                try #expect(transaction.count(a) == 99)
                try #expect(transaction.get(a, [5]) == nil)
                try #expect(transaction.count(b) == 0)
            }
        }
    }

    @Test func `a key has 1 to 511 bytes, in every operation, and a refusal does not spoil the commit`() throws {
        try withStore { environment in
            let table = environment.table("a")
            let longest = [UInt8](repeating: 1, count: 511)
            let tooLong = longest + [1]
            try environment.write { transaction in
                try transaction.put(table, longest, [1])
                for (key, code) in [(tooLong, LMDBError.Code.keyTooLong(bytes: 512)), ([], .keyEmpty)] {
                    #expect(throws: LMDBError(code, "put")) { try transaction.put(table, key, [1]) }
                    #expect(throws: LMDBError(code, "get")) { try transaction.get(table, key) }
                    #expect(throws: LMDBError(code, "delete")) { try transaction.delete(table, key) }
                    #expect(throws: LMDBError(code, "add")) { try transaction.add(table, key, delta: 1) }
                }
            }
            try environment.read { transaction in
                try #expect(transaction.entries(table) == [Entry(key: longest, value: [1])])
                // Bounds may be longer than any key.
                try #expect(transaction.entries(table, from: tooLong) == [])
                try #expect(transaction.entries(table, to: tooLong, reversed: true).count == 1)
            }
        }
    }

    @Test func `append takes keys in ascending order only`() throws {
        try withStore { environment in
            let table = environment.table("a")
            try environment.write { transaction in
                for number in UInt32(0)..<1000 { try transaction.put(table, bigEndian(number), [1], append: true) }
                for late in [UInt32(999), 17] {
                    let code = LMDBError.code { try transaction.put(table, bigEndian(late), [2], append: true) }
                    #expect(code == .appendOutOfOrder)
                }
            }
            let keys = try environment.read { try $0.entries(table).map(\.key) }
            #expect(keys == (0..<1000).map(bigEndian))
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `any sequence of operations leaves what a dictionary would hold`(seed: UInt64) throws {
        try withStore { environment in
            var random = SplitMix(seed: seed)
            var model: [[UInt8]: [UInt8]] = [:]
            let table = environment.table("a")
            for _ in 0..<20 {
                try environment.write { transaction in
                    for _ in 0..<200 {
                        let key = bigEndian(UInt32.random(in: 0..<300, using: &random))
                        switch Int.random(in: 0..<100, using: &random) {
                        case 0:
                            try transaction.clear(table)
                            model = [:]
                        case 1..<40:
                            let was = try transaction.delete(table, key)
                            #expect(was == (model.removeValue(forKey: key) != nil), "seed \(seed)")
                        default:
                            let length = Int.random(in: 0..<3000, using: &random)
                            let value = [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: length)
                            try transaction.put(table, key, value)
                            model[key] = value
                        }
                    }
                }
                try expectConsistent(environment)
                let entries = try environment.read { try $0.entries(table) }
                #expect(Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) }) == model, "seed \(seed)")
            }
        }
    }
}

func bigEndian(_ number: UInt32) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}
