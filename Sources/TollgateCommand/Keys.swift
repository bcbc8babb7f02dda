internal import ArgumentParser
internal import Tollgate

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, list and revoke API keys.",
        discussion: """
            Example: tollgate keys create --data ./data --name billing-job
                     tollgate keys revoke --data ./data key_3bTKVfV6GD1
            """,
        subcommands: [KeysCreate.self, KeysList.self, KeysRevoke.self])
}

struct KeysCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make an API key and print it, this once.",
        discussion: """
            Example: KEY=$(tollgate keys create --data ./data --name dashboard --readonly)

            Only the key goes to standard output. The store keeps its SHA-256: a lost key cannot be shown again.
            """)

    @OptionGroup var store: DataOption
    @OptionGroup var environments: EnvironmentOption

    @Option(help: "What the key is for.")
    var name: String

    @Option(help: "secret: servers, everything. publishable: browsers, flag checks and events only.")
    var kind = APIKey.Kind.secret

    @ArgumentParser.Flag(help: "Reads and flag checks only.")
    var readonly = false

    func run() async throws {
        try await store.withEngine { engine in
            let environment = try environments.environment(in: engine)
            let secret = APIKeySecret.generate(for: environment.type, kind: kind)
            let key = try await engine.execute(
                CreateAPIKey(name: name, kind: kind, readonly: readonly, hash: APIKeySecret.hash(secret)),
                in: environment.id)
            Console.say(secret)
            Console.complain("made \(key.id) in \(environment.name)")
        }
    }
}

struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List API keys, newest first.",
        discussion: "Example: tollgate keys list --data ./data --format json")

    @OptionGroup var store: DataOption
    @OptionGroup var environments: EnvironmentOption
    @OptionGroup var output: FormatOption

    func run() async throws {
        try await store.withEngine { engine in
            var table = Table("id", "environment", "name", "kind", "readonly", "created_at")
            for environment in try environments.environments(in: engine) {
                for key in try engine.read(environment.id, { try $0.apiKeys() }) {
                    table.append(
                        .text(key.id.description), .text(environment.name), .text(key.name), .text(key.kind.rawValue),
                        .text(key.readonly ? "yes" : "no"), .time(key.createdAt))
                }
            }
            Console.say(table.text(output.format))
        }
    }
}

struct KeysRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke an API key: requests with it are refused from then on.",
        discussion: "Example: tollgate keys revoke --data ./data key_3bTKVfV6GD1")

    @OptionGroup var store: DataOption

    @Argument(help: ArgumentHelp("The key's id, as `keys list` shows it.", valueName: "id"))
    var id: Identifier<APIKey>

    func run() async throws {
        try await store.withEngine { engine in
            for environment in engine.environments
            where try engine.read(environment.id, { try $0.apiKeys() }).contains(where: { $0.id == id }) {
                try await engine.execute(RevokeAPIKey(keyID: id), in: environment.id)
                Console.say("revoked \(id) of \(environment.name)")
                return
            }
            throw CommandFailure.refused("there is no key \(id)")
        }
    }
}
