import Basics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Model
import NIOCore
import Tollgate

@testable import API

/// The server of an engine with an empty development environment.
struct Desk {
    let client: any TestClientProtocol
    static let secret = "sch_dev_secret"
    static let readonly = "sch_dev_readonly"
    static let publishable = "sch_pub_dev"

    /// Opens an engine in a directory of its own, and removes both afterwards.
    static func open(_ body: @escaping @Sendable (Desk) async throws -> Void) async throws {
        try await withEngine { engine in
            let application = Server.application(
                engine, ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)), Self.silence)
            try await application.test(.live) { client in
                try await body(Desk(client: client))
            }
        }
    }

    static var silence: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// An engine with the three keys in a directory of its own.
    static func withEngine(_ body: (Engine) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tollgate-api-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        var options = EngineOptions()
        options.isDurable = false
        options.decodeIdentify = IdentifyBody.decode
        options.decodeFlagCheck = FlagCheckBody.flagKey
        let engine = try Engine.open(directory.path, options: options)
        let environment = try await engine.execute(
            CreateEnvironment(name: "Development", type: .development), in: EnvironmentID(ordinal: 0))
        for (secret, kind, readonly) in [
            (secret, APIKey.Kind.secret, false), (readonly, .secret, true), (publishable, .publishable, false),
        ] {
            let command = CreateAPIKey(name: secret, kind: kind, readonly: readonly, hash: APIKeySecret.hash(secret))
            _ = try await engine.execute(command, in: environment.id)
        }
        try await body(engine)
        engine.close()
    }

    struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        }
        var data: [String: Any] { json["data"] as? [String: Any] ?? [:] }
        var list: [[String: Any]] { json["data"] as? [[String: Any]] ?? [] }
        var error: String? { json["error"] as? String }
        var id: String { data["id"] as? String ?? "" }
    }

    /// One request; `key` nil sends none.
    @discardableResult
    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, key: String? = secret,
        _ headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if let key { headers[.apiKey] = key }
        let response = try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        return Answer(status: response.status.code, headers: response.headers, text: String(buffer: response.body))
    }
}
