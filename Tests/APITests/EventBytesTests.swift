import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import API

@Suite struct EventBytesTests {
    private func request(_ chunks: [String], headers: HTTPFields = [:]) -> Request {
        let body = AsyncStream<ByteBuffer> { stream in
            for chunk in chunks { stream.yield(ByteBuffer(string: chunk)) }
            stream.finish()
        }
        let head = HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/batch", headerFields: headers)
        return Request(head: head, body: RequestBody(asyncSequence: body))
    }

    @Test(arguments: [nil, 0, 3, 14, 100])
    func chunksAreJoinedWhateverWasAnnounced(_ announced: Int?) async throws {
        let chunks = ["{\"events\":", "", "[", String(repeating: " ", count: 9000), "]}"]
        let headers: HTTPFields = announced.map { [.contentLength: "\($0)"] } ?? [:]
        let bytes = try await EventBytes(of: request(chunks, headers: headers))
        #expect(String(decoding: bytes.bytes, as: UTF8.self) == chunks.joined())
    }

    @Test func theLimitHoldsWithoutAnAnnouncement() async throws {
        let kibibyte = String(repeating: "x", count: 1024)
        let whole = try await EventBytes(of: request([kibibyte, kibibyte]), limit: 2048)
        #expect(whole.bytes.count == 2048)
        await #expect(throws: BodyTooLarge.self) {
            try await EventBytes(of: request([kibibyte, kibibyte, "x"]), limit: 2048)
        }
    }
}
