package import Store

/// Every command of this module, for the registry that reads the journal.
package let catalogCommands: [any Command.Type] = [
    UpsertCompany.self, DeleteCompany.self, UpsertUser.self, DeleteUser.self, SetTrait.self, DefineTrait.self,
    RegisterEntities.self,
    CreateFeature.self, UpdateFeature.self, DeleteFeature.self,
    CreateFlag.self, UpdateFlag.self, DeleteFlag.self, SetFlagRules.self,
    CreatePlan.self, UpdatePlan.self, DeletePlan.self, SetBillingProduct.self,
    CreatePlanEntitlement.self, UpdatePlanEntitlement.self, DeletePlanEntitlement.self,
    PublishPlanVersion.self, DeletePlanVersion.self, SetPlanGroup.self,
    CreateCompanyOverride.self, UpdateCompanyOverride.self, DeleteCompanyOverride.self,
    CreateEnvironment.self, UpdateEnvironment.self, CreateAPIKey.self, RenameAPIKey.self, RevokeAPIKey.self,
]
