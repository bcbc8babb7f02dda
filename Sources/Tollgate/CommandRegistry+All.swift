internal import Billing
internal import Catalog
internal import Store

extension CommandRegistry {
    /// Every command that a journal of this version may hold.
    static let all = CommandRegistry([
        UpsertCompany.self, DeleteCompany.self, SetTrait.self, AddToTrait.self, UpsertUser.self, DeleteUser.self,
        JoinCompany.self, LeaveCompany.self, RegisterEntities.self,
        DefineTrait.self, UpdateTraitDefinition.self, DeleteTraitDefinition.self,
        CreateFeature.self, UpdateFeature.self, DeleteFeature.self,
        CreateFlag.self, UpdateFlag.self, DeleteFlag.self, SetFlagRules.self, NoteFlagChecks.self,
        CreatePlan.self, UpdatePlan.self, DeletePlan.self, SetBillingProduct.self,
        CreatePlanEntitlement.self, UpdatePlanEntitlement.self, DeletePlanEntitlement.self,
        DuplicatePlanEntitlements.self,
        SetPlanTraits.self, ApplyPlanTraits.self,
        PublishCustomPlan.self, RetryCustomPlanBilling.self, MarkCustomPlanBillingPaid.self,
        ExpireCustomPlanBillings.self, CreatePlanBundle.self, UpdatePlanBundle.self, CreateCustomPlan.self,
        CreateMigration.self, AdvanceMigrations.self, MigrateDueCompanies.self, CancelMigration.self,
        CompleteMigrationNow.self, RetryMigration.self, RetryCompanyMigration.self,
        PublishPlanVersion.self, DeletePlanVersion.self, SetPlanGroup.self,
        CreateCompanyOverride.self, UpdateCompanyOverride.self, DeleteCompanyOverride.self,
        UpsertBillingCustomer.self, DeleteBillingCustomer.self, UpsertBillingProduct.self, DeleteBillingProduct.self,
        UpsertMirroredPrice.self, DeleteMirroredPrice.self, UpsertBillingMeter.self, LinkBillingProduct.self,
        UpsertLinkedPlan.self, UpsertLinkedFeature.self, UpsertLinkedEntitlement.self,
        UpsertMirroredSubscription.self, UpsertMirroredInvoice.self, DeleteMirroredInvoice.self,
        UpsertPaymentMethod.self, DeletePaymentMethod.self,
        CreateEnvironment.self, UpdateEnvironment.self,
        CreateAPIKey.self, RenameAPIKey.self, NoteKeyUse.self, RevokeAPIKey.self, IssueTemporaryToken.self,
        UpdateBillingSettings.self, UpdateBillingProfile.self, UpdateBillingDetails.self, SetTestClock.self,
        ManagePlan.self, CancelSubscription.self, EditTrialEnd.self, EndTrials.self, ClosePeriod.self,
        ScheduleCheckout.self, UpdateScheduledCheckout.self, ExecuteCheckouts.self, RevokeUnpaid.self,
        ClosePeriods.self, BillReachedThresholds.self, BillOverage.self,
        FinalizeInvoice.self, FinalizeInvoices.self, VoidInvoice.self, MarkInvoicePaid.self,
        MarkInvoiceUncollectible.self, CreateCreditNote.self, UpsertCoupon.self, DeleteCoupon.self,
        NoteLateUse.self, CorrectEnded.self, DeleteBilledCompany.self,
    ])
}
