import NIOCore
import Testing

@testable import tollgate_bench

@Suite struct LoadTests {
    @Test func `a template is filled with one operation after another`() throws {
        typealias Place = RequestTemplate.Place
        let text = "<\(Place.key) c\(Place.company) \(Place.quantity)>"
        var template = RequestTemplate(text + text, operations: 2, answers: 1)
        var stream = OperationStream(client: 3, companies: 1_234_567)
        var expected = stream
        for _ in 0..<100 {
            let (first, second) = (expected.next(), expected.next())
            let bytes = template.next(&stream)
            let wanted = [first, second].map { operation in
                "<\(operation.key) \(BenchStore.company(Int(operation.company))) \(operation.quantity)>"
            }
            #expect(String(buffer: bytes) == wanted.joined())
        }
        #expect(stream.count == 200 && stream.units == expected.units)
    }

    @Test func `keys look like UUIDs and never repeat`() throws {
        var keys: Set<String> = []
        for client in 0..<10 {
            var stream = OperationStream(client: client, companies: 5)
            for _ in 0..<1_000 {
                let operation = stream.next()
                #expect(operation.company < 5 && (1...7).contains(operation.quantity))
                #expect(operation.key.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil)
                keys.insert(operation.key)
            }
        }
        #expect(keys.count == 10_000)
    }

    @Test func `companies that come in order come once each before the first comes again`() {
        var stream = OperationStream(client: 0, companies: 5, inOrderFrom: 3)
        #expect((0..<7).map { _ in stream.next().company } == [3, 4, 0, 1, 2, 3, 4])
    }

    @Test func `bytes that a server still gets are not written over`() {
        var template = RequestTemplate(RequestTemplate.Place.company)
        var stream = OperationStream(client: 0, companies: 99_999_999)
        let first = template.next(&stream)
        let said = String(buffer: first)
        _ = template.next(&stream)
        #expect(String(buffer: first) == said)
    }
}
