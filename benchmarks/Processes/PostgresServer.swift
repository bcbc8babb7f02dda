internal import Foundation

/// PostgreSQL as `initdb` makes it: durable commits, 128 MB of shared buffers.
struct PostgresServer {
    /// The newest version in Debian's place.
    static let programs: String? = {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        return versions.compactMap { Int($0) }.sorted().last.map { "/usr/lib/postgresql/\($0)/bin" }
    }()
    /// It refuses to run as root.
    private static let user = "postgres"

    let port: Int
    private let process: ChildProcess
    private let directory: String

    static func with<Result>(_ body: (PostgresServer) async throws -> Result) async throws -> Result {
        let server = try await PostgresServer()
        defer { server.stop() }
        return try await body(server)
    }

    private init() async throws {
        guard let programs = Self.programs else { throw BenchFailure.missing("postgresql") }
        let port = try Workbench.freePort()
        directory = try Workbench.directory("postgres", user: Self.user)
        self.port = port
        let log = "\(directory)/log"
        try ChildProcess.run(
            ["\(programs)/initdb", "--auth=trust", "--username=postgres", "--pgdata=\(directory)/data"],
            log: log, user: Self.user)
        process = try ChildProcess(
            ["\(programs)/postgres", "-D", "\(directory)/data", "-p", "\(port)", "-k", directory], log: log,
            user: Self.user, stopSignal: SIGQUIT)
        _ = try await process.wait { try? PlainConnection(PostgresWire(), port: port) }
    }

    func connect() throws -> PlainConnection<PostgresWire> { try PlainConnection(PostgresWire(), port: port) }

    @discardableResult
    func ask(_ sql: String) throws -> String { try connect().answer(to: PostgresWire.query(sql)) }

    private func stop() {
        process.stop()
        Workbench.remove(directory)
    }
}
