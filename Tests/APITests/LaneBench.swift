import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing
import Tollgate

@testable import API

/// A connection without a socket: decoder, encoder and lane as in the server, and behind them a stand-in for
/// Hummingbird, whose answers come when a test says so.
final class LaneBench {
    let channel = EmbeddedChannel()
    let standIn = StandIn()
    static let idle = TimeAmount.seconds(75)

    init(_ engine: Engine) throws {
        let service = LaneService(
            engine: engine, metrics: RequestMetrics(), streams: StreamHub(engine, memoryPath: nil, Desk.silence),
            streamTimes: StreamTimes(), logger: Desk.silence, idleTimeout: Self.idle)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
        try Lane.add(to: pipeline, service)
        try pipeline.addHandler(standIn)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// A check that is answered 404 at once.
    static func check(_ flag: String, _ more: String = "") -> String {
        hot("/flags/\(flag)/check", "{}", more)
    }

    static func hot(_ path: String, _ body: String, _ more: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nX-Schematic-Api-Key: \(Desk.secret)\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n"
            + body
    }

    static func cold(_ path: String) -> String {
        "POST \(path) HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    }

    /// What the answer to `check` says.
    static func missing(_ flag: String) -> String {
        "404 flag \"\(flag)\" does not exist"
    }

    func send(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
    }

    /// The stand-in answers the request that it has.
    func answerCold(_ body: String) throws {
        let pipeline = channel.pipeline.syncOperations
        let context = try pipeline.context(handler: standIn)
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "\(body.utf8.count)"])
        context.write(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
        context.write(NIOAny(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        context.writeAndFlush(NIOAny(HTTPServerResponsePart.end(nil)), promise: nil)
    }

    /// The bytes that were sent since the last call.
    func sentText() throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }

    /// The answers since the last call, each its status and its body, of an error the sentence.
    func answers() throws -> [String] {
        var rest = try sentText()[...]
        var answers: [String] = []
        while let end = rest.firstRange(of: "\r\n\r\n") {
            let lines = rest[..<end.lowerBound].split(separator: "\r\n")
            let length =
                lines.first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.split(separator: " ")[1]) } ?? 0
            var body = String(rest[end.upperBound...].prefix(length))
            if body.hasPrefix(#"{"error":""#) {
                body = String(body.dropFirst(10).dropLast(2)).replacing("\\\"", with: "\"")
            }
            answers.append("\(lines[0].split(separator: " ")[1]) \(body)")
            rest = rest[end.upperBound...].dropFirst(length)
        }
        #expect(rest.isEmpty)
        return answers
    }
}

/// Keeps what reaches Hummingbird, which looks at parts when a read is complete.
final class StandIn: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    private(set) var seen: [String] = []
    private var unseen: [String] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): unseen.append("\(head.method) \(head.uri)")
        case .body(let bytes): unseen.append(String(buffer: bytes))
        case .end: unseen.append("end")
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        seen += unseen
        unseen = []
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { seen.append("input closed") }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        seen.append("error")
    }
}
