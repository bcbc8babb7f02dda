internal import HTTPTypes
internal import Hummingbird

/// What a request is answered with, before it becomes Hummingbird's response or the bytes of the lane's.
struct Answer: Sendable {
    let status: HTTPResponse.Status
    let json: JSONWriter
    /// Whether the same request may succeed a second later, which the answer then says.
    var isRetryable = false
    /// What the audit log keeps of the body where that has a secret in it.
    var auditedJSON: JSONWriter?
    /// The content type where it is not JSON.
    private(set) var documentType: String?

    init(_ status: HTTPResponse.Status, _ json: JSONWriter) {
        self.status = status
        self.json = json
    }

    /// What is not JSON: text that a browser shows by itself, with nothing that could act.
    init(document text: String, type: String) {
        var writer = JSONWriter(capacity: text.utf8.count)
        writer.raw(text.utf8)
        self.init(.ok, writer)
        documentType = type
    }

    /// `{"error": "sentence"}`.
    init(_ status: HTTPResponse.Status, sentence: String) {
        var json = JSONWriter()
        json.object { $0.field("error", sentence) }
        self.init(status, json)
    }
}

extension Response {
    init(_ answer: Answer) {
        self.init(
            status: answer.status, headers: [.contentType: answer.documentType ?? "application/json"],
            body: ResponseBody(byteBuffer: answer.json.buffer))
        if answer.documentType != nil {
            headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'"
            headers[.xContentTypeOptions] = "nosniff"
        }
        if answer.isRetryable { headers[.retryAfter] = "1" }
    }
}
