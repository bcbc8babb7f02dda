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
