internal import Glibc

/// Redis as one that must not lose anything: every write is on disk before it is answered.
struct RedisServer {
    static let program = Workbench.program("redis-server")

    let port: Int
    private let process: ChildProcess
    private let directory: String

    static func with<Result>(_ body: (RedisServer) async throws -> Result) async throws -> Result {
        let server = try await RedisServer()
        defer { server.stop() }
        return try await body(server)
    }

    private init() async throws {
        guard let program = Self.program else { throw BenchFailure.missing("redis-server") }
        let port = try Workbench.freePort()
        directory = try Workbench.directory("redis")
        self.port = port
        process = try ChildProcess(
            [
                program, "--port", "\(port)", "--bind", "127.0.0.1", "--dir", directory, "--appendonly", "yes",
                "--appendfsync", "always", "--save", "",
            ], log: "\(directory)/log", stopSignal: SIGKILL)
        try await process.wait { try? PlainConnection(RESPWire(), port: port).answer(to: RESPWire.command("PING")) }
    }

    func ask(_ words: String...) throws -> String {
        try PlainConnection(RESPWire(), port: port).answer(to: RESPWire.command(words))
    }

    /// The sum of the counters of all companies.
    private func usage(of companies: Int) throws -> Int64 {
        let script = """
            local sum = 0
            for company = 0, ARGV[1] - 1 do
                sum = sum + (redis.call('GET', string.format('calls:%08d', company)) or 0)
            end
            return sum
            """
        return Int64(try ask("EVAL", script, "0", "\(companies)")) ?? -1
    }

    /// Lets it do the work of a load, and reads all of it back.
    func serve(_ clients: [LoadClient], _ sizes: Sizes, companies: Int) async throws -> Measurement {
        let load = try await Load.run(RESPWire(), clients, port: port, sizes.load)
        try BenchFailure.require(try usage(of: companies), is: load.unitsSent, "the usage counted")
        return Measurement(load, proof: "usage \(load.unitsSent)")
    }

    private func stop() {
        process.stop()
        Workbench.remove(directory)
    }
}
