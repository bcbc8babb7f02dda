internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

/// What an endpoint does with the data, which decides the keys that may call it.
enum Access {
    /// Secret keys, also readonly ones.
    case read
    /// Secret keys that are not readonly.
    case write
    /// Flag checks: every key.
    case check
    /// Usage events that browsers may send: every key, though those of a readonly one do not count.
    case capture

    fileprivate func refusal(for key: APIKey) -> Refusal? {
        if key.readonly, self == .write {
            return .forbidden("this key is readonly: it may read and check flags only")
        }
        if key.kind == .publishable, self == .read || self == .write {
            return .forbidden("this key is publishable: it may check flags and send events only")
        }
        return nil
    }
}

/// No key, or one that is not known: 401.
struct Unauthorized: Error {
    let message: String
}

extension HTTPField.Name {
    static let apiKey = HTTPField.Name("X-Schematic-Api-Key")!
    static let environmentID = HTTPField.Name("X-Schematic-Environment-Id")!
}

extension Engine {
    /// The key of a request, having checked that it may do this.
    func authorize(_ request: Request, for access: Access) throws -> APIKey {
        guard let secret = request.secret else {
            throw Unauthorized(
                message: "an API key is missing: send it as X-Schematic-Api-Key or as Authorization: Bearer")
        }
        return try authorize(secret, request, for: access)
    }

    /// The same for a key that came in the body.
    func authorize(_ secret: String, _ request: Request, for access: Access) throws -> APIKey {
        guard let key = authenticate(secret) else { throw Unauthorized(message: "this API key is not known") }
        if let refusal = access.refusal(for: key) { throw refusal }
        if let named = request.headers[.environmentID], named != key.environmentID.description {
            throw Refusal.forbidden(
                "this key belongs to environment \(key.environmentID), not to \(JSON.string(named).excerpt)")
        }
        return key
    }
}

extension Request {
    /// The API key in the headers; nil when there is none.
    var secret: String? {
        if let key = headers[.apiKey], !key.isEmpty { return key }
        guard let authorization = headers[.authorization] else { return nil }
        let parts = authorization.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}
