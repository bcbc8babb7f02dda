internal import Foundation
internal import Synchronization

/// A program that a benchmark started, and ends.
final class ChildProcess: Sendable {
    let pid: pid_t
    private let stopSignal: Int32
    private let log: String
    private let isRunning = Mutex(true)

    /// Those that run now, so that an interrupt ends them too.
    private static let running = Mutex<[pid_t: Int32]>([:])

    /// - Parameters:
    ///   - user: whom to run it as when we are root; nil for ourselves.
    ///   - stopSignal: what ends it and all processes of its own, losing what it may lose.
    init(
        _ words: [String], log: String, user: String? = nil, stopSignal: Int32 = SIGTERM,
        environment: [String: String] = [:]
    ) throws {
        let words = Self.prefix(user: user) + words
        self.log = log
        self.stopSignal = stopSignal
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // A process group of its own: an interrupt from the terminal comes to us alone, and we end what we started.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        let arguments = words.map { strdup($0) } + [nil]
        let settings = variables.map { strdup($0) } + [nil]
        defer { for text in arguments + settings { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, words[0], &actions, &attributes, arguments, settings)
        guard code == 0 else { throw BenchFailure("\(words[0]) cannot be started: \(String(cString: strerror(code)))") }
        self.pid = pid
        let signal = stopSignal
        Self.running.withLock { $0[pid] = signal }
    }

    deinit { stop() }

    /// Runs a program to its end.
    static func run(_ words: [String], log: String, user: String? = nil) throws {
        let process = try ChildProcess(words, log: log, user: user)
        let status = process.wait()
        guard status == 0 else {
            throw BenchFailure("\(words[0]) ended with \(status): \(process.output.suffix(500))")
        }
    }

    /// What it has printed so far.
    var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// Waits until `isReady`, which is asked every few milliseconds; an end of the process before that is a failure.
    @discardableResult
    func wait<Found>(atMost limit: Duration = .seconds(60), until ready: () -> Found?) async throws -> Found {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let found = ready() { return found }
            guard !hasEnded else { throw BenchFailure("a program ended at its start: \(output.suffix(500))") }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw BenchFailure("a program was not ready after \(limit): \(output.suffix(500))")
    }

    /// Ends it. One that does not end by itself within ten seconds is killed.
    func stop() {
        guard isRunning.withLock({ $0 }) else { return }
        Glibc.kill(pid, stopSignal)
        let patience = ContinuousClock.now + .seconds(10)
        while !hasEnded, ContinuousClock.now < patience { usleep(5_000) }
        kill()
    }

    /// Ends it as a power cut would.
    func kill() {
        guard isRunning.withLock({ $0 }) else { return }
        Glibc.kill(pid, SIGKILL)
        _ = wait()
    }

    /// Ends all that run. For the end of this process only: nobody is told.
    static func endAll() {
        let running = running.withLock { $0 }
        for (pid, signal) in running { Glibc.kill(pid, signal) }
        for pid in running.keys {
            var looks = 0
            while waitpid(pid, nil, WNOHANG) == 0 {
                looks += 1
                if looks == 400 { Glibc.kill(pid, SIGKILL) }
                usleep(5_000)
            }
        }
    }

    private var hasEnded: Bool {
        isRunning.withLock { isRunning in
            var status: Int32 = 0
            if isRunning, waitpid(pid, &status, WNOHANG) == pid { markEnded(&isRunning) }
            return !isRunning
        }
    }

    /// Answers the exit status.
    private func wait() -> Int32 {
        isRunning.withLock { isRunning in
            var status: Int32 = 0
            if isRunning {
                waitpid(pid, &status, 0)
                markEnded(&isRunning)
            }
            return status
        }
    }

    private func markEnded(_ isRunning: inout Bool) {
        isRunning = false
        _ = Self.running.withLock { $0.removeValue(forKey: pid) }
    }

    private static func prefix(user: String?) -> [String] {
        guard let user, getuid() == 0 else { return [] }
        return ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"]
    }
}
