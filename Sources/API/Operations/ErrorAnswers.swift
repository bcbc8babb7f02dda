internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Model
internal import NIOCore

/// Turns every error into `{"error": "sentence"}` with its status.
///
/// 409 is never used, because SDKs repeat it: a refusal is final. What nobody expected is logged, and answered without
/// details.
struct ErrorAnswers: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as Refusal {
            return Self.answer(refusal)
        } catch let unauthorized as Unauthorized {
            return Response(.unauthorized, sentence: unauthorized.message)
        } catch let tooLarge as BodyTooLarge {
            return Response(.contentTooLarge, sentence: "the body is larger than \(tooLarge.limit) bytes")
        } catch let unsupported as UnsupportedEncoding {
            return Response(
                .unsupportedMediaType,
                sentence:
                    "content encoding \(JSON.string(unsupported.encoding).excerpt) is not accepted, send plain bytes"
            )
        } catch let failure as StoreFailure {
            context.logger.error("\(request.method) \(request.uri.path): \(failure.message)")
            return Self.retryable(
                .serviceUnavailable, "the data could not be stored or read; nothing was changed, try again")
        } catch let error as HTTPError where error.status == .notFound {
            return Response(
                .notFound, sentence: "\(request.method) \(request.uri.path) is not an endpoint of this release")
        } catch {
            context.logger.error("\(request.method) \(request.uri.path): \(error)")
            return Response(
                .internalServerError, sentence: "something unexpected went wrong on the server; it has been logged")
        }
    }

    private static func answer(_ refusal: Refusal) -> Response {
        switch refusal.kind {
        case .invalid: Response(.badRequest, sentence: refusal.message)
        case .forbidden: Response(.forbidden, sentence: refusal.message)
        case .notFound: Response(.notFound, sentence: refusal.message)
        case .conflict: Response(.unprocessableContent, sentence: refusal.message)
        case .overloaded: retryable(.tooManyRequests, refusal.message)
        }
    }

    private static func retryable(_ status: HTTPResponse.Status, _ sentence: String) -> Response {
        var response = Response(status, sentence: sentence)
        response.headers[.retryAfter] = "1"
        return response
    }
}

extension Response {
    init(_ status: HTTPResponse.Status, sentence: String) {
        var json = JSONWriter()
        json.object { $0.field("error", sentence) }
        self.init(status, json)
    }
}
