internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Names of keys are not set up: they come and go with the keys.
    func addKeyDefinitions() {
        get("entity-key-definitions") { call in
            let page = try call.query.page()
            let isWanted = try call.query.keyDefinitionFilter()
            return try call.answer { view in
                try view.reading.keyDefinitions().filter(isWanted).dropFirst(page.offset).prefix(page.limit)
                    .map { EntityKeyDefinitionResponseData(definition: $0, environment: view.environment) }
            }
        }
        get("entity-key-definitions/count") { call in
            let isWanted = try call.query.keyDefinitionFilter()
            return try call.answer { CountResponse(count: try $0.reading.keyDefinitions().count(where: isWanted)) }
        }
        delete("entity-key-definitions/:entity_key_definition_id") { call in
            let id = call.path["entity_key_definition_id"]
            let count = try call.engine.read(call.environment) { view in
                try KeyDefinition(id: id).map { try view.keyCount(of: $0) } ?? 0
            }
            guard count > 0 else { throw Refusal.missing("entity_key_definition_id", id) }
            throw Refusal.conflict(
                "\(count) keys have the name of \(JSON.string(id).excerpt): it goes with the last, see remove_keys"
            )
        }
        get("entity-keys/count") { call in
            let definition: String? = try call.query.optional("definition_id")
            let types: OneOf<EntityType> = try call.query.oneOf(single: "entity_type")
            return try call.answer { view in
                guard let definition else {
                    let wanted = EntityType.allCases.filter { types.allows($0) }
                    return CountResponse(count: try wanted.reduce(0) { try $0 + view.reading.keyCount(of: $1) })
                }
                let found = KeyDefinition(id: definition).flatMap { types.allows($0.entityType) ? $0 : nil }
                return CountResponse(count: try found.map { try view.reading.keyCount(of: $0) } ?? 0)
            }
        }
    }
}

extension Query {
    fileprivate func keyDefinitionFilter() throws(Refusal) -> (KeyDefinition) -> Bool {
        let ids: OneOf<String> = try oneOf("ids")
        let types: OneOf<EntityType> = try oneOf(single: "entity_type")
        let search = try search()
        return { ids.allows($0.id) && types.allows($0.entityType) && search.allows([$0.name]) }
    }
}

struct EntityKeyDefinitionResponseData: WireObject {
    let definition: KeyDefinition
    let environment: Model.Environment

    func writeFields(to json: inout JSONWriter) {
        json.field("id", definition.id)
        json.field("entity_type", definition.entityType)
        json.field("key", definition.name)
        // When the first key of a name came is not kept; it was not before the environment.
        json.field("created_at", environment.createdAt)
        json.field("updated_at", environment.createdAt)
    }
}
