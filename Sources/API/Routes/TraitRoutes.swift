internal import Basics
internal import Model
internal import Tollgate

extension Routes {
    func addTraitDefinitions() {
        list("entity-trait-definitions", Self.definitionFilter) { definition, _ in
            EntityTraitDefinitionResponseData(definition: definition)
        }
        one("entity-trait-definitions", id: "entity_trait_definition_id") { (definition: TraitDefinition, _) in
            EntityTraitDefinitionResponseData(definition: definition)
        }
        post("entity-trait-definitions") { call in
            var command = DefineTrait(
                entityType: try call.body.required("entity_type"), hierarchy: try call.body.required("hierarchy"),
                traitType: try call.body.required("trait_type"))
            command.displayName = try call.body.optional("display_name")
            return call.answer(EntityTraitDefinitionResponseData(definition: try await call.execute(command)))
        }
        put("entity-trait-definitions/:entity_trait_definition_id") { call in
            var command = UpdateTraitDefinition(
                definitionID: try call.id("entity_trait_definition_id"),
                traitType: try call.body.required("trait_type"))
            command.displayName = try call.body.optional("display_name")
            return call.answer(EntityTraitDefinitionResponseData(definition: try await call.execute(command)))
        }
        delete("entity-trait-definitions/:entity_trait_definition_id") { call in
            var command = DeleteTraitDefinition(definitionID: try call.id("entity_trait_definition_id"))
            command.overrideCount = try call.engine.read(call.environment) { view in
                try view.count(CompanyOverride.self) { $0.value.traitID == command.definitionID }
            }
            try await call.execute(command)
            return call.deleted()
        }
        get("entity-trait-definitions/:entity_trait_definition_id/usage") { call in
            try call.answer { view in
                let definition: TraitDefinition = try call.found("entity_trait_definition_id", in: view)
                return EntityTraitDefinitionUsage(use: try view.reading.use(of: definition.id))
            }
        }
        addTraitValues()
    }

    /// Traits are kept inside companies and users, so these look through all of a kind.
    private func addTraitValues() {
        get("entity-trait-values") { call in
            let page = try call.query.page()
            let definitionID: Identifier<TraitDefinition> = try call.query.required("definition_id")
            let search = try call.query.search()
            return try call.answer { view in
                guard let definition = view.get(definitionID) else {
                    throw Refusal.missing("definition_id", definitionID.description)
                }
                return try Set(view.reading.values(of: definition).map(\.text)).sorted()
                    .filter { search.allows([$0]) }.dropFirst(page.offset).prefix(page.limit)
                    .map { EntityTraitValue(definitionID: definitionID, value: $0) }
            }
        }
        get("entity-traits/count") { call in
            let definitions: OneOf<Identifier<TraitDefinition>> = try call.query.oneOf(single: "definition_id")
            let entities: OneOf<EntityType> = try call.query.oneOf(single: "entity_type")
            return try call.answer { view in
                let wanted = view.all(TraitDefinition.self) {
                    definitions.allows($0.id) && entities.allows($0.entityType)
                }
                return CountResponse(count: try wanted.reduce(0) { $0 + (try view.reading.values(of: $1).count) })
            }
        }
    }

    private static let definitionFilter: Filter<TraitDefinition> = { query, _ in
        let ids: OneOf<Identifier<TraitDefinition>> = try query.oneOf("ids")
        let entities: OneOf<EntityType> = try query.oneOf(single: "entity_type")
        let types: OneOf<TraitType> = try query.oneOf("trait_types", single: "trait_type")
        let search = try query.search()
        return {
            ids.allows($0.id) && entities.allows($0.entityType) && types.allows($0.traitType)
                && search.allows([$0.displayName])
        }
    }
}
