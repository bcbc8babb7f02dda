internal import Logging
internal import Tollgate

/// Makes what a new data directory lacks before it can be used: an environment, and a secret key for it.
///
/// Each is made only when it is missing, so a start that was cut short between the two is finished by the next.
struct FirstStart {
    let engine: Engine
    /// The type asked for on the command line.
    let wanted: EnvironmentType?

    /// - Parameter key: the secret key to use; nil or empty for a new one.
    func prepare(key: String?, _ logger: Logger) async throws {
        let environment = try await environment()
        let key = key.flatMap { $0.isEmpty ? nil : $0 }
        let hasKeys = try engine.read(environment.id) { try !$0.apiKeys().isEmpty }
        guard !hasKeys else {
            if let key, engine.authenticate(key) == nil {
                logger.warning("TOLLGATE_API_KEY is not a key of this data directory, which had keys before: ignored")
            }
            return
        }
        let secret = key ?? APIKeySecret.generate(for: environment.type, kind: .secret)
        _ = try await engine.execute(
            CreateAPIKey(name: "first", kind: .secret, readonly: false, hash: APIKeySecret.hash(secret)),
            in: environment.id)
        if key == nil {
            Console.say("tollgate: the secret key of \(environment.name), shown this once: \(secret)")
        }
    }

    private func environment() async throws -> Environment {
        guard let existing = engine.environments.first else {
            let type = wanted ?? .development
            return try await engine.execute(CreateEnvironment(name: type.rawValue, type: type), in: .wholeStore)
        }
        guard let wanted else { return existing }
        guard let match = engine.environments.first(where: { $0.type == wanted }) else {
            let names = engine.environments.map(\.name).joined(separator: ", ")
            throw CommandFailure.refused(
                "--environment \(wanted.rawValue) is for the first start; this data directory has: \(names)")
        }
        return match
    }
}
