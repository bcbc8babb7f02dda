internal import Foundation

/// Which cores this process may run on, and the programs that it starts.
enum Affinity {
    /// Has everything in `body` run on one core: all threads of this process, and what it starts.
    static func pinned<Result>(to core: Int, _ body: () async throws -> Result) async throws -> Result {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        guard let before = status.firstMatch(of: /Cpus_allowed_list:\s+(\S+)/)?.1 else {
            throw BenchFailure("the cores that may be used are not known")
        }
        try allow("\(core)")
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        try allow(String(before))
        return try result.get()
    }

    private static func allow(_ cores: String) throws {
        try ChildProcess.run(["taskset", "--all-tasks", "--pid", "--cpu-list", cores, "\(getpid())"], log: "/dev/null")
    }
}
