internal import Model
internal import Tollgate

/// What an endpoint does with the data, which decides the keys that may call it.
enum Access {
    /// Secret keys, also readonly ones.
    case read
    /// Reads of one company, which the request names: secret keys, and temporary access tokens for that company.
    case company
    /// Secret keys that are not readonly. What is asked stands in the audit log.
    case write
    /// The same for what uses up what is set up and does not change it: it is no matter of the audit log.
    case use
    /// Flag checks: every key, and temporary access tokens for their company.
    case check
    /// Usage events that browsers may send: every key, though those of a readonly one do not count.
    case capture

    fileprivate func refusal(for key: APIKey) -> Refusal? {
        if key.readonly, self == .write || self == .use {
            return .forbidden("this key is readonly: it may read and check flags only")
        }
        if key.kind == .publishable, self != .check, self != .capture {
            return .forbidden("this key is publishable: it may check flags and send events only")
        }
        return nil
    }
}

/// No key, or one that is not known: 401.
struct Unauthorized: Error {
    let message: String
}

extension Engine {
    /// The key of a request, having checked that it may do this.
    func authorize(_ head: HeadFields, for access: Access) throws -> APIKey {
        guard let secret = head.secret else {
            throw Unauthorized(
                message: "an API key is missing: send it as X-Schematic-Api-Key or as Authorization: Bearer")
        }
        return try authorize(secret, head, for: access)
    }

    /// The same for a key that came in the body.
    func authorize(_ secret: String, _ head: HeadFields, for access: Access) throws -> APIKey {
        guard let key = authenticate(secret) else { throw Unauthorized(message: "this API key is not known") }
        if let refusal = access.refusal(for: key) { throw refusal }
        try key.requireEnvironment(of: head)
        noteUse(of: key)
        return key
    }
}

extension APIKey {
    /// Refuses a request that names another environment.
    func requireEnvironment(of head: HeadFields) throws(Refusal) {
        if let named = head.environmentID, named != environmentID.description {
            throw .forbidden("this key belongs to environment \(environmentID), not to \(JSON.string(named).excerpt)")
        }
    }
}
