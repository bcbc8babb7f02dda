internal import Basics
internal import Glibc
internal import Model

/// Lines such as `key_1AbC 10.0.0.7 comp_2DeF`, each a company or user that a client asked for.
///
/// Nothing depends on it but how soon clients are right again after the server was killed: what cannot be read or
/// written is left away.
struct StreamMemoryFile {
    struct Line: Hashable {
        let origin: StreamOrigin
        let entity: StreamedEntity
    }

    private let path: String
    private var waiting = ""
    /// Lines of the file, as far as this process wrote them.
    private var lines = 0

    init(_ path: String) {
        self.path = path
    }

    func read() -> [Line] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { text += chunk[..<count] }
        return text.split(separator: UInt8(ascii: "\n")).compactMap { Line(String(decoding: $0, as: UTF8.self)) }
    }

    mutating func add(_ line: Line) {
        waiting += line.text
        lines += 1
    }

    /// Appends what waits. Answers how many lines the file has.
    mutating func flush() -> Int {
        if !waiting.isEmpty { Self.write(waiting, to: path, mode: "a") }
        waiting = ""
        return lines
    }

    /// Puts these lines in place of all others.
    mutating func rewrite(_ lines: [Line]) {
        waiting = ""
        self.lines = lines.count
        Self.write(lines.map(\.text).joined(), to: path + ".new", mode: "w")
        rename(path + ".new", path)
    }

    private static func write(_ text: String, to path: String, mode: String) {
        guard let file = fopen(path, mode) else { return }
        defer { fclose(file) }
        fputs(text, file)
    }
}

extension StreamMemoryFile.Line {
    fileprivate init?(_ text: String) {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 3, let key = Identifier<APIKey>(parts[0]) else { return nil }
        let company = Identifier<Company>(parts[2]).map(StreamedEntity.company)
        guard let entity = company ?? Identifier<User>(parts[2]).map(StreamedEntity.user) else { return nil }
        self.init(origin: StreamOrigin(key: key, address: parts[1]), entity: entity)
    }

    fileprivate var text: String {
        switch entity {
        case .company(let id): "\(origin.key) \(origin.address) \(id)\n"
        case .user(let id): "\(origin.key) \(origin.address) \(id)\n"
        }
    }
}
