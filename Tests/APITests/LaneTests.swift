import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing
import Tollgate

@testable import API

@Suite struct LaneTests {
    private func withBench(_ body: (LaneBench) throws -> Void) async throws {
        try await Desk.withEngine { engine in
            let bench = try LaneBench(engine)
            try body(bench)
            _ = try? bench.channel.finish(acceptAlreadyClosed: true)
        }
    }

    @Test func answersKeepTheOrderOfTheRequests() async throws {
        try await withBench { bench in
            try bench.send(
                LaneBench.check("a") + LaneBench.cold("/one") + LaneBench.check("b") + LaneBench.check("c")
                    + LaneBench.cold("/two") + LaneBench.check("d"))
            #expect(try bench.answers() == [LaneBench.missing("a")])
            #expect(bench.standIn.seen == ["POST /one", "{}", "end"])
            try bench.answerCold("1")
            #expect(try bench.answers() == ["200 1", LaneBench.missing("b"), LaneBench.missing("c")])
            #expect(bench.standIn.seen.count == 6)
            try bench.answerCold("2")
            #expect(try bench.answers() == ["200 2", LaneBench.missing("d")])
        }
    }

    /// Requests of every kind, cut in two at every byte, and into single bytes.
    @Test func cutsInTheBytesChangeNothing() async throws {
        let chunked =
            "POST //flags/chunked/check/?x=1 HTTP/1.1\r\nAuthorization: bearer \(Desk.readonly)\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n4\r\n\"a\":\r\n3\r\n1 }\r\n0\r\n\r\n"
        let event = #"{"type":"track","api_key":"\#(Desk.publishable)","body":{}}"#
        let stranger = "POST /e HTTP/1.1\r\nContent-Length: \(event.utf8.count)\r\n\r\n\(event)"
        let unknown = LaneBench.hot("/events", "[]").replacing(Desk.secret, with: "nobody")
        let all = Array((LaneBench.check("first") + chunked + unknown + stranger + LaneBench.check("last")).utf8)
        let expected = [
            LaneBench.missing("first"), LaneBench.missing("chunked"), "401 this API key is not known",
            "400 event is missing", LaneBench.missing("last"),
        ]
        try await Desk.withEngine { engine in
            for cut in 0...all.count {
                let bench = try LaneBench(engine)
                for part in [all[..<cut], all[cut...]] { try bench.channel.writeInbound(ByteBuffer(bytes: part)) }
                #expect(try bench.answers() == expected, "cut at byte \(cut)")
                _ = try? bench.channel.finish(acceptAlreadyClosed: true)
            }
            let bench = try LaneBench(engine)
            for byte in all { try bench.channel.writeInbound(ByteBuffer(bytes: [byte])) }
            #expect(try bench.answers() == expected)
            #expect(bench.standIn.seen.isEmpty)
            _ = try? bench.channel.finish(acceptAlreadyClosed: true)
        }
    }

    @Test func whatIsRefusedIsReadToItsEnd() async throws {
        try await withBench { bench in
            let key = "X-Schematic-Api-Key: \(Desk.secret)\r\n"
            try bench.send("POST /usage/consume HTTP/1.1\r\n\(key)Content-Length: 1048577\r\n\r\n")
            #expect(try bench.answers() == ["413 the body is larger than 1048576 bytes"])
            try bench.send(String(repeating: " ", count: 1_048_576))
            try bench.send(" " + LaneBench.check("next"))
            #expect(try bench.answers() == [LaneBench.missing("next")])
            try bench.send("POST /usage/consume HTTP/1.1\r\n\(key)Transfer-Encoding: chunked\r\n\r\n")
            let chunk = "80000\r\n\(String(repeating: " ", count: 0x80000))\r\n"
            try bench.send(chunk + chunk)
            #expect(try bench.answers() == [])
            try bench.send("1\r\n \r\n")
            #expect(try bench.answers() == ["413 the body is larger than 1048576 bytes"])
            try bench.send("0\r\n\r\n" + LaneBench.check("next"))
            #expect(try bench.answers() == [LaneBench.missing("next")])
        }
    }

    @Test func thatNothingMoreComesHasItsPlaceInTheOrder() async throws {
        try await withBench { bench in
            try bench.send(LaneBench.cold("/one") + LaneBench.check("a"))
            bench.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            #expect(bench.standIn.seen.last == "end")
            try bench.answerCold("1")
            #expect(try bench.answers() == ["200 1", LaneBench.missing("a")])
            #expect(bench.standIn.seen.last == "input closed")
        }
    }

    @Test(arguments: ["", LaneBench.cold("/one")])
    func whatIsNoHTTPIsHummingbirdsToAnswerInItsTurn(_ before: String) async throws {
        try await withBench { bench in
            try bench.send(before + LaneBench.check("a") + "nonsense\r\n\r\n" + LaneBench.check("b"))
            if !before.isEmpty { try bench.answerCold("1") }
            #expect(try bench.answers().last == LaneBench.missing("a"))
            #expect(bench.standIn.seen.last == "error")
        }
    }

    @Test func aBrokenBodyIsAnError() async throws {
        try await withBench { bench in
            try bench.send(
                "POST /batch HTTP/1.1\r\nX-Schematic-Api-Key: \(Desk.secret)\r\nTransfer-Encoding: chunked\r\n\r\n")
            try bench.send("zz\r\n")
            #expect(try bench.answers() == [])
            #expect(bench.standIn.seen == ["error"])
        }
    }

    @Test func aClientThatDoesNotReadIsNotRead() async throws {
        try await withBench { bench in
            bench.channel.isWritable = false
            bench.channel.pipeline.fireChannelWritabilityChanged()
            try bench.send(LaneBench.check("a") + LaneBench.cold("/one"))
            #expect(try bench.answers() == [])
            #expect(bench.standIn.seen == [])
            bench.channel.isWritable = true
            bench.channel.pipeline.fireChannelWritabilityChanged()
            #expect(try bench.answers() == [LaneBench.missing("a")])
            #expect(bench.standIn.seen == ["POST /one", "{}", "end"])
        }
    }

    @Test func nothingIsReadWhileSomethingIsHeld() async throws {
        try await withBench { bench in
            let reads = ReadCounter()
            try bench.channel.pipeline.syncOperations.addHandler(reads, position: .first)
            bench.channel.read()
            #expect(reads.count == 1)
            try bench.send(LaneBench.cold("/one"))
            bench.channel.read()
            #expect(reads.count == 2)
            try bench.send(LaneBench.check("a"))
            bench.channel.read()
            #expect(reads.count == 2)
            try bench.answerCold("1")
            #expect(reads.count == 3)
        }
    }

    @Test func aClientThatWaitsForItIsToldToContinue() async throws {
        try await withBench { bench in
            let parts = LaneBench.check("a", "Expect: 100-continue\r\n").split(separator: "\r\n\r\n")
            try bench.send("\(parts[0])\r\n\r\n")
            #expect(try bench.sentText() == "HTTP/1.1 100 Continue\r\n\r\n")
            try bench.send("{}")
            #expect(try bench.answers() == [LaneBench.missing("a")])
        }
    }

    @Test func theLastRequestEndsTheConnection() async throws {
        try await withBench { bench in
            try bench.send(LaneBench.check("a", "Connection: close\r\n") + LaneBench.check("b"))
            let text = try bench.sentText()
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(!text.contains("does not exist\"}HTTP"))
            #expect(bench.standIn.seen.isEmpty)
        }
    }

    @Test func shutdownWaitsForWhatIsOwed() async throws {
        try await withBench { bench in
            try bench.send(LaneBench.cold("/one") + LaneBench.check("a"))
            bench.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            #expect(bench.channel.isActive)
            try bench.answerCold("1")
            #expect(try bench.answers() == ["200 1", LaneBench.missing("a")])
            #expect(!bench.channel.isActive)
        }
        try await withBench { bench in
            bench.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            #expect(!bench.channel.isActive)
        }
    }

    @Test func aSilentConnectionIsClosedUnlessAnAnswerIsOwed() async throws {
        try await withBench { bench in
            let loop = bench.channel.embeddedEventLoop
            loop.advanceTime(by: .seconds(74))
            try bench.send("POST /flags")
            loop.advanceTime(by: .seconds(74))
            #expect(bench.channel.isActive)
            try bench.send("/a/check HTTP/1.1\r\n\r\n" + LaneBench.cold("/one"))
            loop.advanceTime(by: .hours(1))
            #expect(bench.channel.isActive)
            try bench.answerCold("1")
            loop.advanceTime(by: .seconds(74))
            #expect(bench.channel.isActive)
            loop.advanceTime(by: .seconds(76))
            #expect(!bench.channel.isActive)
        }
    }

    @Test func aClientThatLeavesInMidBodyIsForgotten() async throws {
        try await withBench { bench in
            try bench.send("POST /e HTTP/1.1\r\nX-Schematic-Api-Key: \(Desk.secret)\r\nContent-Length: 9\r\n\r\n{")
            _ = try? bench.channel.finish(acceptAlreadyClosed: true)
            #expect(!bench.channel.isActive)
        }
    }
}

/// Counts how often the connection was asked to read.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}
