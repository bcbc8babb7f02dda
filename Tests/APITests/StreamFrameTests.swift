import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import API

@Suite struct StreamFrameTests {
    /// Lengths on both sides of each form of a frame's header, read by somebody else's decoder.
    @Test(arguments: [0, 1, 120, 121, 122, 123, 124, 65_530, 65_531, 65_532, 65_533, 65_534, 200_000])
    func framesAreReadAsTheyWereWritten(length: Int) throws {
        var json = JSONWriter()
        json.string(String(repeating: "x", count: length))
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 20)))
        try channel.writeInbound(StreamFrame.text(json))
        let frame = try #require(try channel.readInbound(as: WebSocketFrame.self))
        #expect(frame.opcode == .text && frame.fin && frame.maskKey == nil)
        #expect(frame.data.readableBytes == length + 2)
        _ = try channel.finish()
    }

    @Test func aReasonThatIsTooLongForAControlFrameIsCut() throws {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(WebSocketFrameDecoder()))
        try channel.writeInbound(StreamFrame.close(.badKey, String(repeating: "x", count: 500)))
        var frame = try #require(try channel.readInbound(as: WebSocketFrame.self))
        #expect(frame.opcode == .connectionClose && frame.data.readInteger(as: UInt16.self) == 4001)
        _ = try channel.finish()
    }

    @Test(arguments: [
        ("/datastream", StreamKind.server), ("/datastream/", .server), ("//flags//bootstrap", .browser),
        ("/flags/bootstrap", .browser), ("/", nil), ("/datastreams", nil), ("/flags", nil), ("/flags/bootstrap/x", nil),
    ])
    func paths(path: String, kind: StreamKind?) {
        #expect(StreamKind(path: path) == kind)
    }
}
