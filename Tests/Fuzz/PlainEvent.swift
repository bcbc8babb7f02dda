/// What an accepted event says, as bytes: texts that look alike are not the same text.
struct PlainEvent: Equatable {
    typealias Text = [UInt8]

    struct Key: Equatable {
        let name: Text
        var value: Text
    }

    var type: Text = []
    var body: Text = []
    var apiKey: Text = []
    var idempotencyKey: Text = []
    var sentAt: Text = []
    var trackerEventID: Text = []
    var trackerUserID: Text = []
    var isTrusted = false
    var isBackfill = false
    /// Nil unless it is of type `track`.
    var track: Track?

    struct Track: Equatable {
        var name: Text = []
        var company: [Key] = []
        var user: [Key] = []
        var quantity: Int64?
        var traits: Text = []
        var leaseID: Text = []
        var reservationID: Text = []
    }
}

/// An event, an object of `text`, read by the rules of the documentation of `/events`. Of a field that occurs twice the
/// last counts, but each must be acceptable; null is like absent; unknown fields are ignored.
extension PlainEvent {
    fileprivate struct Refused: Error {}

    /// Nil when it must be refused.
    init?(_ json: PlainJSON, in text: [UInt8]) {
        guard case .object(let fields) = json.content else { return nil }
        do throws(Refused) {
            try read(fields, in: text)
        } catch {
            return nil
        }
    }

    private mutating func read(
        _ fields: [(name: [UInt8], value: PlainJSON)], in text: [UInt8]
    ) throws(Refused) {
        var bodyFields: [(name: [UInt8], value: PlainJSON)] = []
        for (name, value) in fields {
            switch String(decoding: name, as: UTF8.self) {
            case "type", "event_type": type = try Self.text(value)
            case "api_key": apiKey = try Self.text(value)
            case "idempotency_key": idempotencyKey = try Self.text(value)
            case "sent_at": sentAt = try Self.text(value)
            case "tracker_event_id": trackerEventID = try Self.text(value)
            case "tracker_user_id": trackerUserID = try Self.text(value)
            case "trusted_client_clock": isTrusted = try Self.flag(value)
            case "backfill": isBackfill = try Self.flag(value)
            case "body":
                switch value.content {
                case .null: (body, bodyFields) = ([], [])
                case .object(let fields): (body, bodyFields) = (Array(text[value.place]), fields)
                default: throw Refused()
                }
            default: break
            }
        }
        guard ["track", "identify", "flag_check", "inference"].contains(where: { type == Array($0.utf8) }),
            !body.isEmpty
        else { throw Refused() }
        if type == Array("track".utf8) {
            track = try Track(bodyFields, in: text)
            guard track?.name.isEmpty == false else { throw Refused() }
        } else if type == Array("inference".utf8) {
            var read = try Track(bodyFields, in: text)
            (read.quantity, read.traits) = (nil, [])
            track = read == Track() ? nil : read
        }
    }

    private static func text(_ json: PlainJSON) throws(Refused) -> Text {
        switch json.content {
        case .null: return []
        case .string(let text) where text.count <= 256: return text
        default: throw Refused()
        }
    }

    private static func flag(_ json: PlainJSON) throws(Refused) -> Bool {
        switch json.content {
        case .null: return false
        case .bool(let value): return value
        default: throw Refused()
        }
    }

    private static func keys(_ json: PlainJSON) throws(Refused) -> [Key] {
        guard case .object(let fields) = json.content else {
            guard case .null = json.content else { throw Refused() }
            return []
        }
        var keys: [Key] = []
        for (name, value) in fields {
            if case .null = value.content { continue }
            guard case .string(let text) = value.content, 1...128 ~= name.count, 1...256 ~= text.count else {
                throw Refused()
            }
            if let place = keys.firstIndex(where: { $0.name == name }) {
                keys[place].value = text
            } else {
                keys.append(Key(name: name, value: text))
            }
        }
        guard keys.count <= 16 else { throw Refused() }
        return keys
    }

    private static func quantity(_ json: PlainJSON) throws(Refused) -> Int64? {
        if case .null = json.content { return nil }
        guard case .number(let literal) = json.content, let quantity = Int64(String(decoding: literal, as: UTF8.self))
        else { throw Refused() }
        return quantity
    }
}

extension PlainEvent.Track {
    fileprivate init(
        _ fields: [(name: [UInt8], value: PlainJSON)], in text: [UInt8]
    ) throws(PlainEvent.Refused) {
        for (field, value) in fields {
            switch String(decoding: field, as: UTF8.self) {
            case "event":
                name = try PlainEvent.text(value)
                if name.isEmpty, case .string = value.content { throw PlainEvent.Refused() }
            case "company": company = try PlainEvent.keys(value)
            case "user": user = try PlainEvent.keys(value)
            case "quantity": quantity = try PlainEvent.quantity(value)
            case "lease_id": leaseID = try PlainEvent.text(value)
            case "reservation_id": reservationID = try PlainEvent.text(value)
            case "traits":
                switch value.content {
                case .null: traits = []
                case .object(let fields):
                    traits = fields.isEmpty ? [] : Array(text[value.place])
                    guard traits.count <= 16_384 else { throw PlainEvent.Refused() }
                default: throw PlainEvent.Refused()
                }
            default: break
            }
        }
    }
}
