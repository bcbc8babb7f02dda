import Model
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing
import Tollgate

@testable import API

/// Keepalive by a clock that is turned by hand. What clients say and hear is tested from outside.
@Suite struct StreamSocketTests {
    private static let handshake =
        "GET /datastream HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Schematic-Api-Key: \(Desk.secret)\r\n\r\n"

    private func withStream(_ body: (LaneBench) throws -> Void) async throws {
        try await Desk.withEngine { engine in
            let bench = try LaneBench(engine)
            try bench.send(Self.handshake)
            bench.channel.embeddedEventLoop.run()
            #expect(try bench.sentText().hasPrefix("HTTP/1.1 101 "))
            try body(bench)
            _ = try? bench.channel.finish(acceptAlreadyClosed: true)
        }
    }

    /// A masked frame without payload.
    private func say(_ opcode: WebSocketOpcode, _ bench: LaneBench) throws {
        try bench.channel.writeInbound(
            ByteBuffer(bytes: [0x80 | UInt8(webSocketOpcode: opcode), 0x80, 1, 2, 3, 4]))
    }

    /// The next bytes that the client hears; empty when it hears nothing.
    private func heard(_ bench: LaneBench) throws -> [UInt8] {
        try bench.channel.readOutbound(as: ByteBuffer.self).map { Array(buffer: $0) } ?? []
    }

    private func expectHeard(_ bytes: [UInt8], _ bench: LaneBench, _ location: SourceLocation = #_sourceLocation) throws
    {
        let heard = try heard(bench)
        #expect(heard == bytes, sourceLocation: location)
    }

    private static let ping: [UInt8] = [0x89, 0]

    @Test func aSilentClientIsAskedAndDroppedWhenItDoesNotAnswer() async throws {
        try await withStream { bench in
            let loop = bench.channel.embeddedEventLoop
            loop.advanceTime(by: .seconds(24))
            try expectHeard([], bench)
            loop.advanceTime(by: .seconds(1))
            try expectHeard(Self.ping, bench)
            loop.advanceTime(by: .seconds(49))
            #expect(bench.channel.isActive)
            loop.advanceTime(by: .seconds(1))
            #expect(!bench.channel.isActive)
        }
    }

    @Test func aClientThatAnswersStays() async throws {
        try await withStream { bench in
            let loop = bench.channel.embeddedEventLoop
            for _ in 0..<20 {
                loop.advanceTime(by: .seconds(25))
                try expectHeard(Self.ping, bench)
                try say(.pong, bench)
            }
            #expect(bench.channel.isActive)
        }
    }

    @Test func aStopOfTheServerIsSaid() async throws {
        try await withStream { bench in
            bench.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            let farewell = try heard(bench)
            #expect(farewell.first == 0x88 && farewell[2...3] == [0x03, 0xE9])
        }
    }

    @Test func hummingbirdHearsNothingOfAStream() async throws {
        try await withStream { bench in
            try say(.pong, bench)
            try say(.ping, bench)
            #expect(bench.standIn.seen.isEmpty)
        }
    }
}
