internal import Foundation

/// nginx with one worker, which answers everything with the same JSON.
struct NginxServer {
    static let program = Workbench.program("nginx")

    let port: Int
    private let process: ChildProcess
    private let directory: String

    /// - Parameter answer: what it says; without an apostrophe or a dollar sign.
    static func with<Result>(
        answering answer: String, _ body: (NginxServer) async throws -> Result
    ) async throws -> Result {
        let server = try await NginxServer(answer)
        defer { server.stop() }
        return try await body(server)
    }

    private init(_ answer: String) async throws {
        guard let program = Self.program else { throw BenchFailure.missing("nginx") }
        let port = try Workbench.freePort()
        directory = try Workbench.directory("nginx")
        self.port = port
        let configuration = """
            daemon off;
            worker_processes 1;
            pid \(directory)/pid;
            error_log \(directory)/error.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                keepalive_timeout 1h;
                keepalive_requests 1000000000;
                default_type application/json;
                client_body_temp_path \(directory)/body;
                proxy_temp_path \(directory)/proxy;
                fastcgi_temp_path \(directory)/fastcgi;
                uwsgi_temp_path \(directory)/uwsgi;
                scgi_temp_path \(directory)/scgi;
                server {
                    listen 127.0.0.1:\(port);
                    location / { return 200 '\(answer)'; }
                }
            }
            """
        try configuration.write(toFile: "\(directory)/nginx.conf", atomically: true, encoding: .utf8)
        process = try ChildProcess(
            [program, "-p", directory, "-c", "\(directory)/nginx.conf", "-e", "\(directory)/error.log"],
            log: "\(directory)/log")
        try await process.wait {
            try? PlainConnection(HTTPWire(), port: port).answer(to: HTTPWire.post("/", body: "{}"))
        }
    }

    private func stop() {
        process.stop()
        Workbench.remove(directory)
    }
}
