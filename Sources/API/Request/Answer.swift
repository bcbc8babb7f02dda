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

    init(_ status: HTTPResponse.Status, _ json: JSONWriter) {
        self.status = status
        self.json = json
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
            status: answer.status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: answer.json.buffer))
        if answer.isRetryable { headers[.retryAfter] = "1" }
    }
}
