import Foundation

extension Rule {
    private static let widest = 120
    private static let longest = 800

    static let shape = [
        Rule(
            description: "code is at most \(widest) columns wide, but for the tables of tests",
            offence: ("Sources/Model/Wide.swift", String(repeating: "x", count: widest + 1))
        ) { file in
            guard file.isCode, !file.path.hasPrefix("Tests/") else { return [] }
            return zip(1..., file.lines).filter { $1.count > widest }
                .map { "\(file.path):\($0): \($1.count) columns, more than \(widest)" }
        },
        Rule(
            description: "a file has at most \(longest) lines",
            offence: ("Sources/Model/Long.swift", String(repeating: "\n", count: longest + 1))
        ) { file in
            let count = file.lines.count - (file.lines.last == "" ? 1 : 0)
            return file.isCode && count > longest ? ["\(file.path): \(count) lines, more than \(longest)"] : []
        },
        Rule(
            description: "nothing is left for later in a comment",
            offence: ("Sources/Model/Later.swift", "// FIX" + "ME: rounding\n")
        ) { file in
            // Written in two parts, so that this file does not break its own rule.
            let markers = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
            return zip(1..., file.lines).filter { _, line in
                markers.contains { line.range(of: "\\b\($0)\\b", options: .regularExpression) != nil }
            }.map { number, _ in "\(file.path):\(number): do it, or say it in an issue" }
        },
        Rule(
            description: "a Markdown page has one title",
            offence: ("docs/two.md", "# One\n\n# Two\n")
        ) { file in
            guard file.isMarkdown else { return [] }
            var isInCode = false
            var titles = 0
            for line in file.lines {
                if line.hasPrefix("```") { isInCode.toggle() }
                if !isInCode, line.hasPrefix("# ") { titles += 1 }
            }
            return titles == 1 ? [] : ["\(file.path): \(titles) titles, where a page has one"]
        },
        Rule(
            description: "text ends with one line feed and has no trailing spaces or tabs",
            offence: ("Sources/Model/Spaces.swift", "let a = 1 \n")
        ) { file in
            guard file.isCode || file.isMarkdown else { return [] }
            var found = zip(1..., file.lines).filter { $1.hasSuffix(" ") || $1.hasSuffix("\t") }
                .map { number, _ in "\(file.path):\(number): ends in spaces" }
            if file.lines.last != "" { found.append("\(file.path): does not end with a line feed") }
            return found
        },
    ]
}
