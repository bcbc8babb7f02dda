import NIOCore
import Testing

@testable import tollgate_bench

@Suite struct WireTests {
    private static let http = "HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nDate: x\r\n\r\nhello"

    /// Answers, and what each of them says.
    @Test func `HTTP answers`() throws {
        let empty = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
        try expect(HTTPWire(), [Self.http, empty, Self.http].map { Array($0.utf8) }, says: ["hello", "", "hello"])
    }

    @Test func `RESP answers`() throws {
        try expect(
            RESPWire(),
            [":12\r\n", "+PONG\r\n", "$7\r\nab\r\ncd!\r\n", "$0\r\n\r\n", ":-1\r\n"].map { Array($0.utf8) },
            says: ["12", "PONG", "ab\r\ncd!", "", "-1"])
    }

    @Test func `PostgreSQL answers`() throws {
        let greeting = message("R", [0, 0, 0, 0]) + message("S", Array("a\0b\0".utf8)) + message("Z", [0x49])
        let row = message("T", [0, 1]) + message("D", [0, 1, 0, 0, 0, 2] + Array("42".utf8))
        let null = message("D", [0, 1, 0xFF, 0xFF, 0xFF, 0xFF])
        let done = message("C", Array("SELECT 1\0".utf8)) + message("Z", [0x49])
        try expect(
            PostgresWire(), [greeting, row + done, done, null + done],
            says: ["", "42", "", ""])
    }

    @Test(arguments: [
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nDate: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfail", "nonsense, and more of it\r\n\r\n",
    ])
    func `an HTTP answer that is no success is a failure`(_ answer: String) {
        var wire = HTTPWire(expecting: "hello")
        var bytes = ByteBuffer(string: answer)
        #expect(throws: BenchFailure.self) { try wire.next(&bytes) }
    }

    @Test(arguments: ["-ERR no\r\n", "$-1\r\n", "*1\r\n"])
    func `a RESP answer that is no single value is a failure`(_ answer: String) {
        var wire = RESPWire()
        var bytes = ByteBuffer(string: answer)
        #expect(throws: BenchFailure.self) { try wire.next(&bytes) }
    }

    @Test func `PostgreSQL's errors are failures`() {
        for refused in [message("E", Array("SERROR\0Mno\0\0".utf8)), message("R", [0, 0, 0, 10])] {
            var wire = PostgresWire()
            var bytes = ByteBuffer(bytes: refused)
            #expect(throws: BenchFailure.self) { try wire.next(&bytes) }
        }
    }

    @Test func `what is sent is framed`() {
        #expect(RESPWire.command("GET", "é") == "*2\r\n$3\r\nGET\r\n$2\r\né\r\n")
        #expect(PostgresWire.query("é") == [0x51, 0, 0, 0, 7, 0xC3, 0xA9, 0])
        #expect(PostgresWire().greeting?.prefix(8) == [0, 0, 0, 41, 0, 3, 0, 0])
        #expect(HTTPWire.post("/x", body: "é").hasSuffix("Content-Length: 2\r\n\r\né"))
    }

    private func message(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
        [kind.asciiValue!, 0, 0, 0, UInt8(body.count + 4)] + body
    }

    /// The answers come whole however their bytes are cut.
    private func expect(_ wire: some Wire, _ answers: [[UInt8]], says texts: [String]) throws {
        let bytes = Array(answers.joined())
        for step in 1...bytes.count {
            var wire = wire
            var buffer = ByteBuffer()
            var found: [String] = []
            for start in stride(from: 0, to: bytes.count, by: step) {
                buffer.writeBytes(bytes[start..<min(start + step, bytes.count)])
                while let answer = try wire.next(&buffer) { found.append(String(decoding: answer, as: UTF8.self)) }
            }
            #expect(found == texts, "in steps of \(step) bytes")
            #expect(buffer.readableBytes == 0)
        }
    }
}
