internal import Model
internal import NIOCore
internal import Tollgate

/// What a client of `/datastream` may ask for. The raw value is `entity_type` on the wire.
enum StreamEntity: String, CaseIterable, FieldValue {
    case flags = "rulesengine.Flags"
    case flag = "rulesengine.Flag"
    case company = "rulesengine.Company"
    case user = "rulesengine.User"
    /// Every company, for replicators: they list them by other means, and follow changes here.
    case companies = "rulesengine.Companies"
    case users = "rulesengine.Users"
}

enum StreamAction: String, CaseIterable, FieldValue {
    case start, stop
}

/// `{"data": {"action": "start", "entity_type": "rulesengine.Company", "keys": {"id": "acme"}}}`
struct StreamCommand {
    let action: StreamAction
    let entity: StreamEntity
    let keys: [String: String]

    init(_ message: ByteBuffer) throws {
        let message = try Fields(body: message)
        guard let data = try message.object("data") else { throw Refusal.invalid("data is missing") }
        action = try data.required("action")
        entity = try data.required("entity_type")
        keys = try data.optional("keys") ?? [:]
        switch entity {
        case .company, .user, .flag:
            guard !keys.isEmpty else { throw Refusal.invalid("data.keys must name at least one key") }
        case .flags, .companies, .users: break
        }
    }
}

/// A message of `/datastream` to its client.
enum StreamMessage {
    static func full(_ entity: StreamEntity, id: String? = nil, _ data: some JSONWritable) -> ByteBuffer {
        frame("full", entity, id: id) { data.write(to: &$0) }
    }

    static func partial(
        _ entity: StreamEntity, id: String, _ fields: (inout JSONWriter) -> Void
    ) -> ByteBuffer {
        frame("partial", entity, id: id) { $0.object(fields) }
    }

    static func delete(_ entity: StreamEntity, id: String, _ data: some JSONWritable) -> ByteBuffer {
        frame("delete", entity, id: id) { data.write(to: &$0) }
    }

    /// The answer to what cannot be carried out; `command` when at least it could be read.
    static func error(_ sentence: String, _ command: StreamCommand? = nil) -> ByteBuffer {
        frame("error", command?.entity, id: nil) { json in
            json.object { json in
                json.field("error", sentence)
                guard let command else { return }
                json.field("entity_type", command.entity)
                if !command.keys.isEmpty { json.field("keys", command.keys) }
            }
        }
    }

    private static func frame(
        _ type: String, _ entity: StreamEntity?, id: String?, _ data: (inout JSONWriter) -> Void
    ) -> ByteBuffer {
        var json = JSONWriter(capacity: 4096)
        json.object { json in
            json.field("data", data)
            if let id { json.field("entity_id", id) }
            json.field("entity_type", entity?.rawValue ?? "")
            json.field("message_type", type)
        }
        return StreamFrame.text(json)
    }
}
