import Basics
import Dispatch
import Foundation
import Model
import Testing

@testable import API

@Suite("What clients of streams had asked for")
struct StreamMemoryTests {
    private let now = DispatchTime.now()
    private let home = StreamOrigin(key: Identifier(ordinal: 1), address: "127.0.0.1")
    private let other = StreamOrigin(key: Identifier(ordinal: 1), address: "::1")

    private func company(_ ordinal: UInt64) -> StreamedEntity { .company(Identifier(ordinal: ordinal)) }

    @Test("is told to as many connections of the same key and address as have gone")
    func everybodyIsTold() {
        var memory = StreamMemory(path: nil)
        memory.keep([company(1), company(2)], of: home, at: now)
        memory.keep([company(2), .user(Identifier(ordinal: 3))], of: home, at: now)
        memory.keep([], of: home, at: now)
        #expect(memory.entities(of: other, at: now).isEmpty)
        for _ in 0..<2 {
            #expect(Set(memory.entities(of: home, at: now)) == [company(1), company(2), .user(Identifier(ordinal: 3))])
        }
        #expect(memory.entities(of: home, at: now).isEmpty)
    }

    @Test("is told for half an hour")
    func halfAnHour() {
        var memory = StreamMemory(path: nil)
        memory.keep([company(1)], of: home, at: now)
        memory.keep([company(2)], of: home, at: now + .seconds(60))
        let later = now + .seconds(60)
        #expect(memory.entities(of: home, at: later + .seconds(1799)).count == 2)
        #expect(memory.entities(of: home, at: later + .seconds(1800)).isEmpty)
    }

    @Test("is forgotten where it is too much, of those first who left first")
    func limit() {
        var memory = StreamMemory(path: nil)
        memory.keep([company(7)], of: other, at: now)
        memory.keep((1...UInt64(StreamMemory.limit)).map(company), of: home, at: now + .seconds(1))
        #expect(memory.entities(of: other, at: now + .seconds(2)).isEmpty)
        #expect(memory.entities(of: home, at: now + .seconds(2)).count == StreamMemory.limit)
        memory.keep([company(UInt64(StreamMemory.limit) + 1)], of: home, at: now + .seconds(3))
        #expect(memory.entities(of: home, at: now + .seconds(3)).count <= StreamMemory.limit)
    }

    @Test("survives the process in a file, of which unreadable lines are left away")
    func file() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "tollgate-streams-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var memory = StreamMemory(path: path)
        memory.note(company(1), of: home)
        memory.note(.user(Identifier(ordinal: 2)), of: other)
        memory.flush([:])
        let handle = try #require(FileHandle(forWritingAtPath: path))
        handle.seekToEndOfFile()
        handle.write(Data("key_ nonsense\n\u{0} x y\nhalf a li".utf8))
        var next = StreamMemory(path: path)
        #expect(next.entities(of: home, at: .now()) == [company(1)])
        #expect(next.entities(of: other, at: .now()) == [.user(Identifier(ordinal: 2))])
        next.note(company(3), of: home)
        next.flush([:])
        var last = StreamMemory(path: path)
        #expect(Set(last.entities(of: home, at: .now())) == [company(1), company(3)])
    }
}
