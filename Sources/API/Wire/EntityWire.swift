internal import Basics
internal import Model
internal import Tollgate

/// Keys and traits, which companies and users show alike.
///
/// Neither is a record of its own in Tollgate: their ids on the wire are made of the entity's id and their names.
struct EntityFields {
    private let type: EntityType
    private let id: String
    private let environmentID: EnvironmentID
    private let keys: [EntityKey]
    private let traits: [String: TraitValue]
    private let updatedAt: Timestamp
    private let definitions: [TraitDefinition]

    init(_ company: Company, _ view: WireView) {
        type = .company
        id = company.id.description
        environmentID = company.environmentID
        keys = company.keys
        traits = company.traits
        updatedAt = company.updatedAt
        definitions = view.traitDefinitions(of: .company)
    }

    init(_ user: User, _ view: WireView) {
        type = .user
        id = user.id.description
        environmentID = user.environmentID
        keys = user.keys
        traits = user.traits
        updatedAt = user.updatedAt
        definitions = view.traitDefinitions(of: .user)
    }

    func writeFields(to json: inout JSONWriter) {
        json.field("keys") { json in
            json.array { for key in keys { write(key, to: &$0) } }
        }
        json.field("entity_traits") { json in
            json.array { json in
                for definition in definitions {
                    guard let value = traits.value(at: definition.hierarchy) else { continue }
                    write(value, definition, to: &json)
                }
            }
        }
        json.field("traits", traits)
    }

    /// EntityKeyDetailResponseData
    private func write(_ key: EntityKey, to json: inout JSONWriter) {
        json.object {
            $0.field("id", "\(id).key.\(key.name)")
            $0.field("definition_id", "\(type.rawValue).key.\(key.name)")
            $0.field("entity_id", id)
            $0.field("entity_type", type)
            $0.field("environment_id", environmentID)
            $0.field("key", key.name)
            $0.field("value", key.value)
            $0.field("created_at", key.createdAt)
            $0.field("updated_at", key.createdAt)
        }
    }

    /// EntityTraitDetailResponseData
    private func write(_ value: TraitValue, _ definition: TraitDefinition, to json: inout JSONWriter) {
        json.object {
            $0.field("id", "\(id).trait.\(definition.id)")
            $0.field("definition_id", definition.id)
            $0.field("definition", EntityTraitDefinitionResponseData(definition: definition))
            $0.field("environment_id", environmentID)
            $0.field("value", value.text)
            $0.field("created_at", definition.createdAt)
            $0.field("updated_at", updatedAt)
        }
    }
}

struct EntityTraitDefinitionResponseData: WireObject {
    let definition: TraitDefinition

    func writeFields(to json: inout JSONWriter) {
        json.field("id", definition.id)
        json.field("entity_type", definition.entityType)
        json.field("hierarchy", definition.hierarchy)
        json.field("trait_type", definition.traitType)
        json.field("display_name", definition.displayName)
        json.field("created_at", definition.createdAt)
        json.field("updated_at", definition.updatedAt)
    }
}

struct EntityTraitDefinitionUsage: WireObject {
    let use: TraitUse

    func writeFields(to json: inout JSONWriter) {
        json.field("feature_count", use.features)
        json.field("plan_entitlement_count", use.planEntitlements)
        json.field("rule_condition_count", use.conditions)
        json.field("company_override_count", use.overrides)
        json.field("checkout_field_config_count", 0)
        json.field("plan_trait_count", use.planTraits)
    }
}

struct EntityTraitValue: WireObject {
    let definitionID: Identifier<TraitDefinition>
    let value: String

    func writeFields(to json: inout JSONWriter) {
        json.field("definition_id", definitionID)
        json.field("value", value)
    }
}

extension WireView {
    fileprivate func traitDefinitions(of type: EntityType) -> [TraitDefinition] {
        all(TraitDefinition.self) { $0.entityType == type }
    }
}
