import Foundation

/// Something that every file keeps to: it answers where a file does not, and why that matters.
struct Rule: CustomStringConvertible, Sendable {
    let description: String
    /// A made-up file that breaks the rule, so that a rule that has gone blind is noticed.
    let offence: (path: String, text: String)
    let violations: @Sendable (SourceFile) -> [String]

    static let all = imports + time + shape
}

extension Rule {
    static let imports = [
        Rule(
            description: "a module imports what its place in the house allows, and nothing else",
            offence: ("Sources/Rating/Tax.swift", "internal import Store\n")
        ) { file in
            guard file.isSwift, file.path.hasPrefix("Sources/") else { return [] }
            guard let allowed = rooms[file.room] else {
                return ["\(file.path): \(file.room) is not in the table of rooms: say there what it may import"]
            }
            return file.imports.compactMap { number, module in
                allowed.contains(module) ? nil : "\(file.path):\(number): \(file.room) may not import \(module)"
            }
        },
        Rule(
            description: "Foundation in Model is for time zones only",
            offence: ("Sources/Model/Money.swift", "internal import Foundation\n")
        ) { file in
            guard file.room == "Model", file.path != "Sources/Model/Zone.swift" else { return [] }
            return file.imports.filter { $0.module.hasPrefix("Foundation") }
                .map { "\(file.path):\($0.number): only Zone.swift needs Foundation" }
        },
    ]

    /// What each module may import besides the standard library. The arrows point one way: down this list's columns.
    static let rooms: [String: Set<String>] = [
        "Basics": ["Glibc", "Synchronization"],
        "Model": ["Basics", "Foundation"],
        "Entitlements": ["Basics", "Model"],
        "Rating": ["Model"],
        "EventScanner": ["CSimdJSON"],
        "LMDB": ["CLMDB", "Glibc", "Synchronization"],
        "Store": ["Basics", "Dispatch", "Glibc", "LMDB", "Model"],
        "Metering": ["Basics", "CPrefetch", "Glibc", "Model", "Store", "Synchronization"],
        "Catalog": ["Basics", "Entitlements", "Model", "Store"],
        "Billing": ["Basics", "Catalog", "Crypto", "Entitlements", "Model", "Rating", "Store"],
        "Tollgate": [
            "Basics", "Billing", "Catalog", "Crypto", "Entitlements", "EventScanner", "Glibc", "Metering", "Model",
            "Rating", "Store",
        ],
        "API": [
            "Basics", "Dispatch", "Entitlements", "EventScanner", "Glibc", "HTTPTypes", "Hummingbird",
            "HummingbirdCore",
            "Logging", "Model", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOWebSocket", "ServiceLifecycle", "Store",
            "Tollgate",
        ],
        "TollgateCommand": [
            "API", "ArgumentParser", "CZlib", "EventScanner", "Foundation", "Glibc", "Logging", "ServiceLifecycle",
            "Synchronization", "Tollgate", "UnixSignals",
        ],
    ]
}

extension Rule {
    /// Modules whose functions run to completion on the caller's thread.
    private static let synchronous: Set = [
        "Basics", "Model", "Entitlements", "Rating", "EventScanner", "LMDB", "Store", "Metering", "Catalog", "Billing",
    ]

    /// Where a clock may be read, and which: everything else gets its time from the command that it carries out.
    private static let clockReaders: Set = [
        "Sources/Tollgate/EngineOptions.swift",  // the real time, once
        "Sources/Store/Committer.swift",  // how long commits take
        "Sources/LMDB/Gate.swift",  // patience
    ]

    static let time = [
        Rule(
            description: "no clock is read below the rim",
            offence: ("Sources/Billing/Closer.swift", "let now = ContinuousClock.now\n")
        ) { file in
            let isRim = ["API", "TollgateCommand", "benchmarks", "Tests"].contains(file.room)
            guard file.isSwift, !isRim, !clockReaders.contains(file.path) else { return [] }
            let clock = #"\bDate\(\)|Clock\(?\)?\.now|\bclock_gettime|\bgettimeofday|DispatchTime\.now|\btime\(nil\)"#
            return file.statements.filter { $0.text.range(of: clock, options: .regularExpression) != nil }
                .map { "\(file.path):\($0.number): reads a clock: take the time as a value" }
        },
        Rule(
            description: "async begins at Tollgate: what lies below runs to completion",
            offence: ("Sources/Store/Store.swift", "package func read() async throws {}\n")
        ) { file in
            guard file.isSwift, file.path.hasPrefix("Sources/"), synchronous.contains(file.room) else { return [] }
            // `.async` is Dispatch handing work to a queue.
            let word = #"(?<![.\w])(async|await|actor)\b(?!:)"#
            return file.statements.filter { $0.text.range(of: word, options: .regularExpression) != nil }
                .map { "\(file.path):\($0.number): \(file.room) is synchronous" }
        },
    ]
}
