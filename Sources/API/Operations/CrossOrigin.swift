internal import HTTPTypes
internal import Hummingbird
internal import Tollgate

/// Lets browsers call the endpoints that are meant for them: flag checks and events, and with a temporary access token
/// whatever that one may read.
///
/// Any origin may, as no cookie is ever involved: what counts is the key in the request.
struct CrossOrigin: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let isForBrowsers = Self.isForBrowsers(request.uri.path)
        // A preflight has no key: that a read may be asked for says nothing of its answer yet.
        if request.method == .options, isForBrowsers || request.headers[.accessControlRequestMethod] == "GET" {
            return Self.preflight(request)
        }
        guard isForBrowsers || HeadFields(request.headers).secret?.hasPrefix(APIKeySecret.tokenPrefix) == true else {
            return try await next(request, context)
        }
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
            .accessControlAllowOrigin: "*", .accessControlAllowMethods: "GET, POST", .accessControlMaxAge: "86400",
        ]
        headers[.accessControlAllowHeaders] =
            request.headers[.accessControlRequestHeaders] ?? "content-type, x-schematic-api-key"
        return Response(status: .noContent, headers: headers)
    }
}
