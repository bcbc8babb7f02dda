internal import CSimdJSON

/// Why one event of a readable body is refused. The others of the body are not touched by it.
package enum EventRefusal: Error, Equatable, Sendable {
    /// A line of NDJSON that is no JSON text.
    case notJSON
    /// A line of NDJSON.
    case notUTF8
    case notObject
    /// More than 64 levels.
    case tooDeep
    case missing(field: String)
    case empty(field: String)
    /// The field is there with a value of the wrong kind.
    case wrongKind(field: String, needed: String)
    case tooLong(field: String, bytes: Int, limit: Int)
    case unknownType(String)
    case quantityOutOfRange(String)
    /// A number with a fraction, or a text. All else of the event can be read, for those who know what to do with it.
    case quantityNotInteger(String)
    /// `owner` is "company" or "user".
    case tooManyKeys(owner: String, limit: Int)
    case emptyKeyName(owner: String)
    case keyNameTooLong(owner: String, bytes: Int, limit: Int)
    case emptyKeyValue(owner: String, key: String)
    case keyValueTooLong(owner: String, key: String, bytes: Int, limit: Int)
    case keyValueNotString(owner: String, key: String, found: String)
}

extension EventRefusal {
    /// The refusal as the caller of the API reads it.
    package var sentence: String {
        switch self {
        case .notJSON: "the line is not valid JSON"
        case .notUTF8: "the line is not valid UTF-8"
        case .notObject: "an event must be an object"
        case .tooDeep: "the event is nested too deeply: more than \(SCAN_EVENT_DEPTH) levels"
        case .missing(let field): "\(field) is missing"
        case .empty(let field): "\(field) must not be empty"
        case .wrongKind(let field, let needed): "\(field) must be \(needed)"
        case .tooLong(let field, let bytes, let limit): "\(field) is longer than \(limit) bytes: \(bytes)"
        case .unknownType(let type): "type \"\(type)\" is unknown"
        case .quantityOutOfRange(let number): "quantity is out of range: \(number)"
        case .quantityNotInteger: "quantity must be an integer"
        case .tooManyKeys(let owner, let limit): "\(owner) has more than \(limit) keys"
        case .emptyKeyName(let owner): "\(owner) has a key without a name"
        case .keyNameTooLong(let owner, let bytes, let limit):
            "\(owner) has a key name longer than \(limit) bytes: \(bytes)"
        case .emptyKeyValue(let owner, let key): "\(owner) key \"\(key)\" must not be empty"
        case .keyValueTooLong(let owner, let key, let bytes, let limit):
            "\(owner) key \"\(key)\" is longer than \(limit) bytes: \(bytes)"
        case .keyValueNotString(let owner, let key, let found):
            "\(owner) key \"\(key)\" must be a string, not \(found)"
        }
    }

    /// Nil when the event is not refused. `detail` is the refused text itself.
    init?(_ refusal: scan_refusal, detail: @autoclosure () -> String) {
        let field = refusal.field.name
        let measured = Int(refusal.measured)
        switch refusal.reason {
        case .SCAN_REASON_NONE: return nil
        case .SCAN_REASON_NOT_JSON: self = .notJSON
        case .SCAN_REASON_NOT_UTF8: self = .notUTF8
        case .SCAN_REASON_NOT_OBJECT: self = .notObject
        case .SCAN_REASON_TOO_DEEP: self = .tooDeep
        case .SCAN_REASON_MISSING: self = .missing(field: field)
        case .SCAN_REASON_EMPTY: self = .empty(field: field)
        case .SCAN_REASON_WRONG_KIND: self = .wrongKind(field: field, needed: refusal.field.neededKind)
        case .SCAN_REASON_TOO_LONG:
            let limit = refusal.field == .SCAN_FIELD_TRAITS ? SCAN_TRAITS_LIMIT : SCAN_TEXT_LIMIT
            self = .tooLong(field: field, bytes: measured, limit: limit)
        case .SCAN_REASON_TYPE_UNKNOWN: self = .unknownType(detail())
        case .SCAN_REASON_QUANTITY_OUT_OF_RANGE: self = .quantityOutOfRange(detail())
        case .SCAN_REASON_QUANTITY_NOT_INTEGER: self = .quantityNotInteger(detail())
        case .SCAN_REASON_TOO_MANY_KEYS: self = .tooManyKeys(owner: field, limit: SCAN_KEY_LIMIT)
        case .SCAN_REASON_KEY_NAME_EMPTY: self = .emptyKeyName(owner: field)
        case .SCAN_REASON_KEY_NAME_TOO_LONG:
            self = .keyNameTooLong(owner: field, bytes: measured, limit: SCAN_KEY_NAME_LIMIT)
        case .SCAN_REASON_KEY_VALUE_EMPTY: self = .emptyKeyValue(owner: field, key: detail())
        case .SCAN_REASON_KEY_VALUE_TOO_LONG:
            self = .keyValueTooLong(owner: field, key: detail(), bytes: measured, limit: SCAN_KEY_VALUE_LIMIT)
        case .SCAN_REASON_KEY_VALUE_NOT_STRING:
            self = .keyValueNotString(owner: field, key: detail(), found: kind(startingWith: UInt8(measured)))
        }
    }
}

private func kind(startingWith byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: "{"): "an object"
    case UInt8(ascii: "["): "an array"
    case UInt8(ascii: "t"), UInt8(ascii: "f"): "a boolean"
    default: "a number"
    }
}

extension scan_field {
    fileprivate var name: String {
        switch self {
        case .SCAN_FIELD_NONE: ""
        case .SCAN_FIELD_TYPE: "type"
        case .SCAN_FIELD_BODY: "body"
        case .SCAN_FIELD_API_KEY: "api_key"
        case .SCAN_FIELD_IDEMPOTENCY_KEY: "idempotency_key"
        case .SCAN_FIELD_SENT_AT: "sent_at"
        case .SCAN_FIELD_TRUSTED_CLIENT_CLOCK: "trusted_client_clock"
        case .SCAN_FIELD_BACKFILL: "backfill"
        case .SCAN_FIELD_TRACKER_EVENT_ID: "tracker_event_id"
        case .SCAN_FIELD_TRACKER_USER_ID: "tracker_user_id"
        case .SCAN_FIELD_EVENT: "event"
        case .SCAN_FIELD_COMPANY: "company"
        case .SCAN_FIELD_USER: "user"
        case .SCAN_FIELD_QUANTITY: "quantity"
        case .SCAN_FIELD_TRAITS: "traits"
        case .SCAN_FIELD_LEASE_ID: "lease_id"
        case .SCAN_FIELD_RESERVATION_ID: "reservation_id"
        }
    }

    fileprivate var neededKind: String {
        switch self {
        case .SCAN_FIELD_BODY, .SCAN_FIELD_TRAITS: "an object"
        case .SCAN_FIELD_COMPANY, .SCAN_FIELD_USER: "an object of strings"
        case .SCAN_FIELD_QUANTITY: "an integer"
        case .SCAN_FIELD_TRUSTED_CLIENT_CLOCK, .SCAN_FIELD_BACKFILL: "a boolean"
        default: "a string"
        }
    }
}
