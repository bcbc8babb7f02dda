internal import HTTPTypes
internal import Hummingbird

/// Lets browsers call the endpoints that are meant for them: flag checks and events.
///
/// Any origin may, as no cookie is ever involved: what counts is the key in the request.
struct CrossOrigin: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard Self.isForBrowsers(request.uri.path) else { return try await next(request, context) }
        if request.method == .options { return Self.preflight(request) }
        var response = try await next(request, context)
        response.headers[.accessControlAllowOrigin] = "*"
        return response
    }

    static func isForBrowsers(_ path: String) -> Bool {
        path == "/e" || path == "/batch" || path == "/events"
            || path.hasPrefix("/flags/") && (path.hasSuffix("/check") || path.hasSuffix("/check-bulk"))
    }

    private static func preflight(_ request: Request) -> Response {
        var headers: HTTPFields = [
            .accessControlAllowOrigin: "*", .accessControlAllowMethods: "POST", .accessControlMaxAge: "86400",
        ]
        headers[.accessControlAllowHeaders] =
            request.headers[.accessControlRequestHeaders] ?? "content-type, x-schematic-api-key"
        return Response(status: .noContent, headers: headers)
    }
}
