internal import Basics
internal import Hummingbird
internal import Model
internal import Store
internal import Tollgate

extension Routes {
    /// How companies and users are found, deleted and given a trait by their keys.
    func addByKeys<Entity: Record>(
        _ type: EntityType, under path: String, lookup access: Access = .read,
        find: @escaping @Sendable (ReadView, [String: String]) throws -> Entity,
        delete: @escaping @Sendable (Identifier<Entity>) -> some Command,
        deleted: @escaping @Sendable (Entity) -> some JSONWritable,
        as item: @escaping @Sendable (Entity, WireView) -> some JSONWritable
    ) {
        get("\(path)/lookup", access) { call in
            let keys = try call.queryKeys()
            return try call.answer { item(try find($0.reading, keys), $0) }
        }
        post("\(path)/delete") { call in
            let keys: [String: String] = try call.body.required("keys")
            let entity = try call.engine.read(call.environment) { try find($0, keys) }
            _ = try await call.execute(delete(entity.id))
            return call.answer(deleted(entity))
        }
        post("\(type.rawValue)-traits") { call in
            let command = try call.body.setTrait(of: type)
            try await call.execute(command)
            return try call.answer { item(try find($0.reading, command.keys), $0) }
        }
    }
}

extension Call {
    /// The `keys[name]=value` that a lookup must have.
    func queryKeys() throws(Refusal) -> [String: String] {
        guard let keys = query.map("keys") else { throw .invalid("the query parameter keys[name]=value is missing") }
        return keys
    }
}

extension Fields {
    /// The body of `/company-traits` and `/user-traits`.
    fileprivate func setTrait(of entity: EntityType) throws(Refusal) -> SetTrait {
        var command = SetTrait(entity: entity, keys: try required("keys"), trait: try required("trait"))
        command.set = try optional("set")
        command.increment = try optional("incr")
        command.updateOnly = try optional("update_only") ?? false
        return command
    }
}

extension ReadView {
    /// The company that has the keys, or a refusal.
    func requireCompany(keys: [String: String]) throws -> Company {
        guard let company = try company(keys: keys) else { throw Refusal.noEntity(.company, keys) }
        return company
    }

    /// The user who has the keys, or a refusal.
    func requireUser(keys: [String: String]) throws -> User {
        guard let user = try user(keys: keys) else { throw Refusal.noEntity(.user, keys) }
        return user
    }
}

extension Refusal {
    /// Nobody has these keys.
    fileprivate static func noEntity(_ type: EntityType, _ keys: [String: String]) -> Refusal {
        let listed = keys.sorted { $0.key < $1.key }.map { "\($0.key)=\(JSON.string($0.value).excerpt)" }
        return .notFound("there is no \(type.rawValue) with the keys \(listed.joined(separator: ", "))")
    }
}
