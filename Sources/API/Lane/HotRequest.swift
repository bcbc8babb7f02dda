internal import Model
internal import NIOCore
internal import Tollgate

/// A request of the lane whose head allows to read its body.
final class HotRequest: Sendable {
    let engine: Engine
    let route: HotRoute
    let path: PathParameters
    let head: HeadFields
    let remoteAddress: String
    /// Nil while the key is in the body.
    let caller: Caller?
    let bodyLimit: Int

    /// - Throws: what there is to refuse before the body has come.
    init(
        _ route: HotRoute, _ path: PathParameters, query: String?, _ head: HeadFields, from remoteAddress: String,
        _ engine: Engine
    ) throws {
        self.engine = engine
        self.route = route
        self.path = path
        self.head = head
        self.remoteAddress = remoteAddress
        if route.acceptsKeyInBody, head.secret == nil {
            caller = nil
            bodyLimit = BodyLimit.anonymousEvents
        } else {
            caller = try engine.admit(head, for: route.access)
            bodyLimit = route.bodyLimit
        }
        // No parameter means anything here, but it must be readable.
        if !route.acceptsKeyInBody { _ = try Query(query) }
        try head.refuseCompressed()
        guard (head.announcedLength ?? 0) <= bodyLimit else { throw BodyTooLarge(limit: bodyLimit) }
    }

    /// Where the memory for the body comes from.
    var budget: BodyBudget { route.acceptsKeyInBody && caller != nil ? .ofEvents : .ofCalls }

    /// The request as the routes of JSON objects know it.
    func call(_ body: ByteBuffer) throws -> Call {
        guard let caller else { preconditionFailure("the key of \(route.pattern) is in the head") }
        return Call(engine: engine, caller: caller, path: path, query: try Query(nil), body: try Fields(body: body))
    }

    func begin(_ body: ByteBuffer) throws -> Pending<Answer> {
        try route.begin(self, body)
    }
}
