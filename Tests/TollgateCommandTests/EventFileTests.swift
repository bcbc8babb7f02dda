import CZlib
import Foundation
import Testing

@testable import TollgateCommand

@Suite struct EventFileTests {
    @Test(arguments: [false, true])
    func `batches hold every line once and in order`(zipped: Bool) throws {
        let lines = (0..<25_003).map { "{\"n\":\($0)}" }
        let file = try TemporaryFile(lines.joined(separator: "\n") + "\n", zipped: zipped)
        var batches: [(before: Int, lines: [String])] = []
        let events = try EventFile(path: file.path)
        while let batch = try events.next() {
            let text = String(decoding: batch, as: UTF8.self)
            batches.append((events.linesBefore, text.split(separator: "\n").map(String.init)))
        }
        #expect(batches.map(\.lines.count) == [10_000, 10_000, 5_003])
        #expect(batches.map(\.before) == [0, 10_000, 20_000])
        #expect(batches.flatMap(\.lines) == lines)
        #expect(events.fraction == 1)
    }

    @Test(arguments: [
        // text, lines of the only batch
        ("", nil), ("\n", ["\n"]), ("a", ["a"]), ("a\n", ["a\n"]), ("a\n\nb", ["a\n", "\n", "b"]),
    ])
    func `the ends of files`(text: String, expected: [String]?) throws {
        let file = try TemporaryFile(text)
        let events = try EventFile(path: file.path)
        var seen: [String] = []
        let batch = try events.next { line in
            seen.append(String(decoding: line, as: UTF8.self))
            return true
        }
        #expect(batch.map { String(decoding: $0, as: UTF8.self) } == (expected == nil ? nil : text))
        #expect(seen == expected ?? [])
        #expect(try events.next() == nil)
    }

    @Test func `a batch ends before the line that is not admitted, which starts the next`() throws {
        let file = try TemporaryFile("1\n2\nx\n3\n")
        let events = try EventFile(path: file.path)
        var batches: [String] = []
        while let batch = try events.next(admits: { $0[0] != UInt8(ascii: "x") }) {
            batches.append(String(decoding: batch, as: UTF8.self))
        }
        #expect(batches == ["1\n2\n", "x\n3\n"])
    }

    @Test func `a batch is at most 16 MiB and may end inside what was read`() throws {
        let line = String(repeating: "x", count: 7 << 20) + "\n"
        let file = try TemporaryFile(line + line + line)
        let events = try EventFile(path: file.path)
        var sizes: [Int] = []
        while let batch = try events.next() { sizes.append(batch.count / line.utf8.count) }
        #expect(sizes == [2, 1])
    }

    @Test func `what cannot be read is said`() throws {
        #expect(
            message { try EventFile(path: "/nonexistent/file") }
                == "/nonexistent/file cannot be opened: No such file or directory")

        let long = try TemporaryFile("short\n" + String(repeating: "x", count: (16 << 20) + 1))
        let tooLong = try #require(message { try drain(long.path) })
        #expect(tooLong == "line 2 of \(long.path) is longer than 16 MiB: it must be one event a line")

        let whole = try TemporaryFile((0..<1000).map { "{\"n\":\($0)}\n" }.joined(), zipped: true)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: whole.path))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: whole.path))
        let cutShort = try #require(message { try drain(whole.path) })
        #expect(cutShort.hasPrefix("\(whole.path) cannot be read to its end: "))

        let directory = try #require(message { try drain("/tmp") })
        #expect(directory.hasPrefix("/tmp cannot be read to its end: "))
    }

    @Test(arguments: [(0, 1), (1, 4), (2, 5)])
    func `rejected events are found on their lines`(event: Int, line: Int) {
        let batch = Array("{}\n\n \t\r\n{}\n{}".utf8)
        #expect(batch.withUnsafeBytes { Importer.line(ofEvent: event, in: $0) } == line)
    }

    private func drain(_ path: String) throws {
        let events = try EventFile(path: path)
        while try events.next() != nil {}
    }

    private func message(_ body: () throws -> some Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? CommandFailure)?.message
        }
    }
}

/// A file in the temporary directory, removed with its value.
private final class TemporaryFile {
    let path = FileManager.default.temporaryDirectory.path + "/tollgate-test-\(UUID().uuidString)"

    init(_ text: String, zipped: Bool = false) throws {
        // In its transparent mode zlib writes the bytes as they are.
        let stream = try #require(gzopen(path, zipped ? "wb1" : "wbT"))
        let bytes = Array(text.utf8)
        let written = bytes.withUnsafeBytes { gzwrite(stream, $0.baseAddress, UInt32($0.count)) }
        let closed = gzclose(stream)
        #expect(Int(written) == bytes.count && closed == Z_OK)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
