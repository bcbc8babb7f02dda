import Basics
import Dispatch
import Glibc
import Testing

@testable import LMDB

@Suite struct GateTests {
    private final class Diary: Sendable {
        let lines = Locked<[String]>([])

        func note(_ line: String) { lines.withLock { $0.append(line) } }
    }

    @Test func `newcomers wait behind the one who waits for the gate to be empty`() throws {
        let gate = LMDB.Gate()
        let diary = Diary()
        let others = DispatchGroup()
        gate.enter()
        DispatchQueue(label: "grower").async(group: others) {
            let open = try? gate.whileEmpty(patienceMillis: 20_000) { () throws(LMDBError) in diary.note("empty") }
            diary.note("\(open ?? -1) left")
        }
        usleep(100_000)
        DispatchQueue(label: "newcomer").async(group: others) {
            gate.enter()
            diary.note("newcomer")
            gate.leave()
        }
        usleep(100_000)
        #expect(diary.lines.withLock { $0 } == [])
        gate.leave()
        #expect(others.wait(timeout: .now() + 10) == .success)
        let lines = diary.lines.withLock { $0 }
        #expect(lines.first == "empty")
        #expect(Set(lines) == ["empty", "0 left", "newcomer"])
    }

    @Test func `patience that runs out tells how many are inside, and an error opens the gate again`() throws {
        let gate = LMDB.Gate()
        gate.enter()
        gate.enter()
        #expect(try gate.whileEmpty(patienceMillis: 20) { () throws(LMDBError) in } == 2)
        gate.leave()
        gate.leave()
        #expect(throws: LMDBError(.mapFull, "grow")) {
            try gate.whileEmpty(patienceMillis: 20) { () throws(LMDBError) in throw LMDBError(.mapFull, "grow") }
        }
        #expect(try gate.whileEmpty(patienceMillis: 20) { () throws(LMDBError) in } == 0)
    }
}
