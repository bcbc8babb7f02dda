import EventScanner
import Testing

struct RandomEventTests {
    @Test func `random events come back as they were written`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var writer = EventWriter(seed: seed)
        var scanner = EventScanner()
        for _ in 0..<200 {
            let written = (0..<Int.random(in: 1...12, using: &writer.random)).map { _ in
                Bool.random(using: &writer.random) ? writer.track() : writer.identify()
            }
            let expected = written.map(\.event)
            let list = written.map(\.json).joined(separator: "," + writer.space())
            for body in ["[\(list)]", #"{"x":[],"events":[\#(list)] , "y":{"events":1}}"#] {
                #expect(try scanner.owned(Array(body.utf8)).get() == expected, "seed \(seed): \(body)")
            }
            for (event, json) in written {
                #expect(try scanner.owned(Array(json.utf8), as: .single).get() == [event], "seed \(seed): \(json)")
            }
        }
    }

    @Test func `random lines of NDJSON come back as they were written`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var writer = EventWriter(seed: seed, onOneLine: true)
        var scanner = EventScanner()
        for _ in 0..<200 {
            let written = (0..<Int.random(in: 1...12, using: &writer.random)).map { _ in
                Bool.random(using: &writer.random) ? writer.track() : writer.identify()
            }
            let body = written.map(\.json).joined(separator: "\r\n\n")
            let found = try scanner.owned(Array(body.utf8), as: .ndjson).get()
            #expect(found == written.map(\.event), "seed \(seed): \(body)")
        }
    }

    @Test func `every prefix of a batch is a failure`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var writer = EventWriter(seed: seed)
        var scanner = EventScanner()
        for round in 0..<20 {
            let list = (0..<3).map { _ in writer.track().json }.joined(separator: ",")
            let body = Array((round % 2 == 0 ? "[\(list)]" : #"{"events":[\#(list)]}"#).utf8)
            #expect(try scanner.owned(body).get().count == 3)
            for count in body.indices {
                let found = scanner.owned(Array(body[..<count]))
                guard case .failure = found else {
                    Issue.record("seed \(seed): \(count) of \(body.count) bytes gave events")
                    return
                }
            }
        }
    }

    /// Copying every field out of the scanner traps on bytes that are no UTF-8; the address sanitizer sees the rest.
    @Test func `a changed byte never harms`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var writer = EventWriter(seed: seed)
        var scanner = EventScanner()
        let interesting = Array(#"{}[]",:\0-9eEntf u"#.utf8) + [0, 0x0A, 0x1F, 0x7F, 0x80, 0xC3, 0xFF]
        for _ in 0..<50 {
            let json = [writer.track().json, writer.identify().json]
            for form in EventForm.allCases {
                let body =
                    switch form {
                    case .batch: #"{"events":[\#(json[0]),\#(json[1])]}"#
                    case .single: json[0]
                    case .ndjson: json.joined(separator: "\n")
                    }
                for _ in 0..<100 {
                    var bytes = Array(body.utf8)
                    for _ in 0..<Int.random(in: 1...3, using: &writer.random) {
                        let place = Int.random(in: bytes.indices, using: &writer.random)
                        bytes[place] = interesting.randomElement(using: &writer.random)!
                    }
                    guard case .success(let events) = scanner.owned(bytes, as: form) else { continue }
                    let size = events.reduce(0) { $0 + ($1.body?.utf8.count ?? 0) }
                    #expect(size <= bytes.count, "seed \(seed)")
                }
            }
        }
    }
}
