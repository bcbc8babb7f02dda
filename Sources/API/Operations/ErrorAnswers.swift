internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Model

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
        } catch {
            return Response(Self.answer(to: error, at: "\(request.method) \(request.uri.path)", context.logger))
        }
    }

    /// - Parameter endpoint: method and path, for the log and for the sentence that there is no such endpoint.
    static func answer(to error: any Error, at endpoint: @autoclosure () -> String, _ logger: Logger) -> Answer {
        switch error {
        case let refusal as Refusal:
            return answer(to: refusal)
        case let unauthorized as Unauthorized:
            return Answer(.unauthorized, sentence: unauthorized.message)
        case let tooLarge as BodyTooLarge:
            return Answer(.contentTooLarge, sentence: "the body is larger than \(tooLarge.limit) bytes")
        case let unsupported as UnsupportedEncoding:
            let encoding = JSON.string(unsupported.encoding).excerpt
            return Answer(
                .unsupportedMediaType, sentence: "content encoding \(encoding) is not accepted, send plain bytes")
        case let failure as StoreFailure:
            logger.error("\(endpoint()): \(failure.message)")
            return retryable(
                .serviceUnavailable, "the data could not be stored or read; nothing was changed, try again")
        case let error as HTTPError where error.status == .notFound:
            return Answer(.notFound, sentence: "\(endpoint()) is not an endpoint of this release")
        default:
            logger.error("\(endpoint()): \(error)")
            return Answer(
                .internalServerError, sentence: "something unexpected went wrong on the server; it has been logged")
        }
    }

    private static func answer(to refusal: Refusal) -> Answer {
        switch refusal.kind {
        case .invalid: Answer(.badRequest, sentence: refusal.message)
        case .forbidden: Answer(.forbidden, sentence: refusal.message)
        case .notFound: Answer(.notFound, sentence: refusal.message)
        case .conflict: Answer(.unprocessableContent, sentence: refusal.message)
        case .overloaded: retryable(.tooManyRequests, refusal.message)
        }
    }

    private static func retryable(_ status: HTTPResponse.Status, _ sentence: String) -> Answer {
        var answer = Answer(status, sentence: sentence)
        answer.isRetryable = true
        return answer
    }
}
