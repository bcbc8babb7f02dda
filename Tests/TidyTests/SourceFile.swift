import Foundation

/// One text file of the project.
struct SourceFile: CustomStringConvertible {
    /// From the project's root: `Sources/Model/Zone.swift`.
    let path: String
    let lines: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    var description: String { path }

    /// The folder below `Sources`, which is the module; `benchmarks` and `Tests` for what lies there.
    var room: String {
        let parts = path.split(separator: "/")
        return parts.first == "Sources" && parts.count > 2 ? String(parts[1]) : String(parts.first ?? "")
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isCode: Bool { [".swift", ".c", ".cpp", ".h", ".hpp", ".py", ".sh"].contains { path.hasSuffix($0) } }
    var isMarkdown: Bool { path.hasSuffix(".md") }

    /// The numbered lines without what follows `//`.
    var statements: [(number: Int, text: String)] {
        zip(1..., lines).map { number, line in
            let comment = line.range(of: #"(?<!:)//"#, options: .regularExpression)
            return (number, comment.map { String(line[..<$0.lowerBound]) } ?? line)
        }
    }

    private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]

    /// The modules that it imports.
    var imports: [(number: Int, module: String)] {
        statements.compactMap { (number, text) -> (number: Int, module: String)? in
            let words = text.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count else { return nil }
            let attributes = words[..<place]
            let isImport = attributes.allSatisfy { $0.hasPrefix("@") || Self.accessLevels.contains($0) }
            // `import struct Module.Name` and `import Module` name the module last, or before its point.
            let name = words.last!.prefix { $0 != "." }
            return isImport ? (number, String(name)) : nil
        }
    }
}

/// All of the project's own text, read from where this file was compiled.
let project: [SourceFile] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    var found: [SourceFile] = []
    for place in ["Sources", "Tests", "benchmarks", "docs", "README.md", "Makefile", "Package.swift", ".ci"] {
        let url = root.appendingPathComponent(place)
        let inside = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
        let paths = inside.isEmpty ? [place] : inside.map { place + "/" + $0 }
        for path in paths.sorted() where !path.contains("__pycache__") && !path.hasSuffix(".jsonl") {
            guard let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) else {
                continue
            }
            found.append(SourceFile(path: path, text: text))
        }
    }
    return found
}()
