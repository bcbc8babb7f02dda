internal import Basics
internal import HTTPTypes
internal import Model
internal import Tollgate

/// A request of CloudEvents 1.0 in one of its three modes. Source: the specification's JSON format and HTTP binding.
enum CloudEvents {
    /// One event, in the body or with its attributes in the head.
    case one([String: JSON])
    /// Each element, whatever it is.
    case batch([JSON])

    private static let structured = "application/cloudevents+json"
    private static let batched = "application/cloudevents-batch+json"
    private static let prefix = "ce-"

    /// The content type says the mode; `application/json` without attributes in the head is what the body is.
    init(_ bytes: UnsafeRawBufferPointer, _ headers: HTTPFields) throws(Refusal) {
        let type = Self.mediaType(headers[.contentType] ?? "application/json")
        let attributes = Self.attributes(headers)
        if type == Self.structured || type == Self.batched || attributes.isEmpty && type == "application/json" {
            switch try JSONParser.parse(bytes) {
            case .object(let fields) where type != Self.batched: self = .one(fields)
            case .array(let events) where type != Self.structured: self = .batch(events)
            case let other:
                throw .invalid(
                    "the body must be \(type == Self.batched ? "a list of events" : "an event"), not \(other.excerpt)")
            }
            return
        }
        guard !type.hasPrefix("application/cloudevents"), !attributes.isEmpty else {
            throw .invalid(
                "events are read as \(Self.structured), as \(Self.batched), or with their attributes in headers "
                    + "that begin with \(Self.prefix), not as \(type)")
        }
        var fields = attributes
        fields["datacontenttype"] = .string(type)
        if !bytes.isEmpty { fields["data"] = try JSONParser.parse(bytes) }
        self = .one(fields)
    }

    private static func attributes(_ headers: HTTPFields) -> [String: JSON] {
        var attributes: [String: JSON] = [:]
        for header in headers where header.name.canonicalName.hasPrefix(prefix) {
            let name = String(header.name.canonicalName.dropFirst(prefix.count))
            attributes[name] = .string(FormText.decode(header.value, plusIsSpace: false) ?? header.value)
        }
        return attributes
    }

    /// Without parameters.
    fileprivate static func mediaType(_ text: String) -> String {
        String(text.prefix { $0 != ";" }.filter { $0 != " " }).lowercased()
    }
}

/// One CloudEvent as a track event: `type` names the event, `subject` the company, `id` and `source` are the
/// idempotency key, `time` is a trusted clock's, and the fields of `data` are the traits.
struct CloudEventTrack: WireObject {
    private let event: String
    private let company: (key: String, value: String)
    private let idempotencyKey: String
    private let time: Timestamp?
    private let quantity: Int64?
    private let data: [String: JSON]

    /// - Parameter subjectKey: the company's key that `subject` is a value of.
    init(_ attributes: [String: JSON], subjectKey: String) throws(Refusal) {
        let fields = Fields(attributes)
        let version = try Self.required("specversion", fields)
        guard version == "1.0" else { throw .invalid("specversion must be 1.0, not \(JSON.string(version).excerpt)") }
        let (id, source) = (try Self.required("id", fields), try Self.required("source", fields))
        guard !source.contains(where: \.isWhitespace) else { throw .invalid("source must not contain white space") }
        idempotencyKey = source + " " + id
        guard idempotencyKey.utf8.count <= 256 else {
            throw .invalid("source and id are longer than 255 bytes together: \(idempotencyKey.utf8.count - 1)")
        }
        event = try Self.required("type", fields)
        company = (subjectKey, try Self.required("subject", fields))
        time = try fields.optional("time")
        guard attributes["data_base64"] == nil else { throw .invalid("data must be JSON: data_base64 is not read") }
        if let type: String = try fields.optional("datacontenttype") {
            let media = CloudEvents.mediaType(type)
            guard media == "application/json" || media.hasSuffix("+json") else {
                throw .invalid("datacontenttype must be application/json, not \(JSON.string(type).excerpt)")
            }
        }
        data = try fields.object("data")?.values ?? [:]
        quantity = try Self.quantity(data["quantity"])
    }

    /// An attribute that must be there and say something.
    private static func required(_ name: String, _ fields: Fields) throws(Refusal) -> String {
        let text: String = try fields.required(name)
        guard !text.isEmpty else { throw .invalid("\(name) must not be empty") }
        return text
    }

    /// A whole number, also one in quotes.
    private static func quantity(_ json: JSON?) throws(Refusal) -> Int64? {
        switch json {
        case nil, .null?: return nil
        case .number(let text)?, .string(let text)?:
            if let quantity = Int64(text) { return quantity }
            fallthrough
        case .bool?, .array?, .object?:
            throw .invalid("data.quantity must be an integer, not \(json!.excerpt)")
        }
    }

    func writeFields(to json: inout JSONWriter) {
        json.field("type", "track")
        json.field("idempotency_key", idempotencyKey)
        if let time {
            json.field("sent_at", time)
            json.field("trusted_client_clock", true)
        }
        json.field("body") { json in
            json.object { json in
                json.field("event", event)
                json.field("company", [company.key: company.value])
                json.field("quantity", quantity)
                json.field("traits", data)
            }
        }
    }
}
