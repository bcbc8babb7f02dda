internal import API
internal import ArgumentParser
internal import Glibc
internal import Tollgate

/// Which data directory a command works on.
struct DataOption: ParsableArguments {
    @Option(name: [.short, .long], help: ArgumentHelp("The data directory.", valueName: "dir"))
    var data: String

    /// Opens the store for the length of `body`. A directory without a store is refused: a mistyped path must not
    /// become one.
    func withEngine<Result>(
        _ dedupe: DedupeOption? = nil, _ body: (Engine) async throws -> Result
    ) async throws -> Result {
        guard access(data + "/data.mdb", F_OK) == 0 else {
            throw CommandFailure.refused(
                "there is no store in \(data): check the path, or make one with `tollgate serve --data \(data)`")
        }
        var options = EngineOptions()
        dedupe?.set(&options)
        let engine = try open(options)
        defer { engine.close() }
        return try await body(engine)
    }

    /// Opens the store, making it when there is none.
    func open(_ options: EngineOptions = EngineOptions()) throws(CommandFailure) -> Engine {
        var options = options
        options.decodeIdentify = IdentifyBody.decode
        options.decodeFlagCheck = FlagCheckBody.flagKey
        do {
            return try Engine.open(data, options: options)
        } catch {
            throw .unusable("\(error)")
        }
    }
}

/// For how long idempotency keys count, and what they may take of memory.
struct DedupeOption: ParsableArguments {
    @Option(
        name: .customLong("dedupe-window"),
        help: ArgumentHelp("How long an idempotency key counts: s, m, h or d; at most 35d.", valueName: "time"))
    var window = SpanArgument(argument: "24h")!

    @Option(
        name: .customLong("dedupe-memory"),
        help: ArgumentHelp("What idempotency keys may take of memory, in M or G; more go to disk.", valueName: "bytes"))
    var memory = BytesArgument(argument: "2G")!

    func validate() throws {
        guard window.span <= .days(35) else { throw ValidationError("a dedupe window is at most 35d") }
    }

    func set(_ options: inout EngineOptions) {
        options.dedupeWindow = window.span
        options.dedupeMemory = memory.count
    }
}

extension EnvironmentID {
    /// Where commands run that make environments.
    static let wholeStore = EnvironmentID(ordinal: 0)
}

/// Which environment of the store a command works on.
struct EnvironmentOption: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The environment, by name or id. Needed when there are several.", valueName: "name"))
    var environment: String?

    func environment(in engine: Engine) throws(CommandFailure) -> Environment {
        let chosen = try environments(in: engine)
        guard chosen.count == 1 else {
            throw .refused("say which environment you mean with --environment: \(names(engine.environments))")
        }
        return chosen[0]
    }

    /// The environment that was named, or all of them.
    func environments(in engine: Engine) throws(CommandFailure) -> [Environment] {
        let all = engine.environments
        guard let environment else { return all }
        let named = all.filter { $0.name == environment || $0.id.description == environment }
        guard !named.isEmpty else {
            throw .refused("there is no environment \(environment) here; there are: \(names(all))")
        }
        return named
    }

    private func names(_ environments: [Environment]) -> String {
        environments.map { "\($0.name) (\($0.id))" }.joined(separator: ", ")
    }
}

/// Which company: one of its keys, as in the body of an event.
struct CompanyOption: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Only this company, by one of its keys.", valueName: "key=value"))
    var company: KeyArgument?

    /// Nil when none was named.
    func company(in view: ReadView) throws -> Company? {
        guard let company else { return nil }
        guard let found = try view.company(keys: [company.name: company.value]) else {
            throw CommandFailure.refused("there is no company with the key \(company.name)=\(company.value)")
        }
        return found
    }
}
