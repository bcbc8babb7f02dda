internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Model
internal import Store
internal import Tollgate

/// Registers endpoints: each is a method, a path and a handler. Who may call it follows from the method, unless said
/// otherwise.
struct Routes {
    let engine: Engine
    let router: Router<APIContext>
    let limiter: RateLimiter

    typealias Handler = @Sendable (Call) async throws -> Answer

    func get(_ path: String, _ access: Access = .read, _ handler: @escaping Handler) {
        on(.get, path, access, handler)
    }

    func post(_ path: String, _ access: Access = .write, _ handler: @escaping Handler) {
        on(.post, path, access, handler)
    }

    /// - Parameter readsBody: false for an endpoint that is told nothing, whatever stands in its body.
    func put(
        _ path: String, _ access: Access = .write, readsBody: Bool = true, _ handler: @escaping Handler
    ) {
        on(.put, path, access, readsBody: readsBody, handler)
    }

    func delete(_ path: String, _ handler: @escaping Handler) {
        on(.delete, path, .write, handler)
    }

    private func on(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, readsBody: Bool = true,
        _ handler: @escaping Handler
    ) {
        let (engine, limiter) = (engine, limiter)
        let collection = String(path.prefix { $0 != "/" })
        router.on(RouterPath(path), method: method) { request, context in
            let head = HeadFields(request.headers)
            let caller = try engine.admit(head, for: access)
            let key = caller.key
            try limiter.admit(key.id, access, at: .now)
            let path = PathParameters(context.parameters)
            let body =
                method == .get ? ByteBuffer() : try await request.bytes(head, limit: BodyLimit.fields, of: .ofCalls)
            @Sendable func answer(_ trail: AuditTrail?) async throws -> Answer {
                let call = Call(
                    engine: engine, caller: caller, path: path, query: try Query(request.uri.query),
                    body: try Fields(body: readsBody ? body : ByteBuffer()), trail: trail)
                if access == .company { try call.requireOwnCompany() }
                return try await handler(call)
            }
            guard access == .write else { return Response(try await answer(nil)) }
            let asked = AuditRecord.Request(
                keyID: key.id, method: method.rawValue, url: request.uri.string, resourceType: collection,
                resourceID: path.last, body: Array(body.readableBytesView),
                startedAt: engine.now(in: key.environmentID))
            return Response(
                await engine.recording(asked, by: key, context.logger) { try await answer($0) })
        }
    }

    // MARK: - Collections

    /// The condition that a list's query makes.
    typealias Filter<N> = @Sendable (Query, WireView) throws -> (N) -> Bool

    /// The order that a list's query asks for: whether one comes before another. Nil is newest first.
    typealias Order<N> = @Sendable (Query) throws -> ((N, N) -> Bool)?

    /// `GET path` and `GET path/count`: records that pass `filter`.
    func list<N: Record>(
        _ path: String, _ filter: @escaping Filter<N>, order: @escaping Order<N> = { _ in nil },
        for access: Access = .read,
        as item: @escaping @Sendable (N, WireView) -> some JSONWritable
    ) {
        pages(path, filter, order: order, for: access, as: item)
        get("\(path)/count", access) { call in
            try call.answer { view in
                CountResponse(count: try view.reading.count(N.self, where: try filter(call.query, view)))
            }
        }
    }

    /// `GET path` alone.
    func pages<N: Record>(
        _ path: String, _ filter: @escaping Filter<N>, order: @escaping Order<N> = { _ in nil },
        for access: Access = .read,
        as item: @escaping @Sendable (N, WireView) -> some JSONWritable
    ) {
        get(path, access) { call in
            let page = try call.query.page()
            let comesFirst = try order(call.query)
            return try call.answer { view in
                let filter = try filter(call.query, view)
                guard let comesFirst else {
                    return try view.reading.list(N.self, offset: page.offset, limit: page.limit, where: filter)
                        .map { item($0, view) }
                }
                return try view.reading.list(N.self, limit: .max, where: filter).sorted(by: comesFirst)
                    .dropFirst(page.offset).prefix(page.limit).map { item($0, view) }
            }
        }
    }

    /// `GET path/:id`.
    func one<N: Record>(
        _ path: String, id name: String, for access: Access = .read,
        as item: @escaping @Sendable (N, WireView) -> some JSONWritable
    ) {
        get("\(path)/:\(name)", access) { call in
            try call.answer { view in item(try call.found(name, in: view), view) }
        }
    }

    /// `DELETE path/:id` as a command.
    func delete<Noun: Identified & SendableMetatype>(
        _ path: String, id name: String, by command: @escaping @Sendable (Identifier<Noun>) -> some Command
    ) {
        delete("\(path)/:\(name)") { call in
            _ = try await call.execute(command(try call.id(name)))
            return call.deleted()
        }
    }
}
