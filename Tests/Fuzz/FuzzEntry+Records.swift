internal import Basics
internal import Billing
internal import Catalog
internal import Model
internal import Store

extension FuzzEntry {
    func checkRecord(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        guard let first = bytes.first, let kind = RecordKind(rawValue: first) else { return }
        let record = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        switch kind {
        case .environment: try check(Model.Environment.self, record)
        case .apiKey: try check(APIKey.self, record)
        case .traitDefinition: try check(TraitDefinition.self, record)
        case .company: try check(Company.self, record)
        case .user: try check(User.self, record)
        case .feature: try check(Feature.self, record)
        case .flag: try check(Flag.self, record)
        case .plan: try check(Plan.self, record)
        case .planVersion: try check(PlanVersion.self, record)
        case .planEntitlement: try check(PlanEntitlement.self, record)
        case .companyOverride: try check(CompanyOverride.self, record)
        case .planGroup: try check(PlanGroup.self, record)
        case .subscription: try check(Subscription.self, record)
        case .invoice: try check(Invoice.self, record)
        case .meter: try check(Meter.self, record)
        case .planTrait: try check(PlanTrait.self, record)
        case .temporaryAccessToken: try check(TemporaryAccessToken.self, record)
        case .flagUse: try check(FlagUse.self, record)
        case .billingDetails: try check(BillingDetails.self, record)
        case .planChange: try check(PlanChange.self, record)
        case .scheduledCheckout: try check(ScheduledCheckout.self, record)
        case .coupon: try check(Coupon.self, record)
        case .customerBalance: try check(CustomerBalance.self, record)
        case .balanceEntry: try check(BalanceEntry.self, record)
        case .creditNote: try check(CreditNote.self, record)
        case .billingCustomer: try check(BillingCustomer.self, record)
        case .billingProduct: try check(BillingProduct.self, record)
        case .mirroredPrice: try check(MirroredPrice.self, record)
        case .billingMeter: try check(BillingMeter.self, record)
        case .mirroredSubscription: try check(MirroredSubscription.self, record)
        case .mirroredInvoice: try check(MirroredInvoice.self, record)
        case .paymentMethod: try check(PaymentMethod.self, record)
        case .planVersionMigration: try check(PlanVersionMigration.self, record)
        case .companyMigration: try check(CompanyMigration.self, record)
        case .planVersionUse: try check(PlanVersionUse.self, record)
        case .customPlanBilling: try check(CustomPlanBilling.self, record)
        }
    }

    /// Bytes are refused with a sentence, or are a record that is written and read again as the same value.
    private func check<R: Record>(_ type: R.Type, _ bytes: UnsafeRawBufferPointer) throws(Finding) {
        guard let record = try Self.refusing({ try R.decoded(bytes) }) else { return }
        let (again, fields): (R, [UInt8]?)
        do {
            let written = try record.encoded()
            again = try R.decoded(written)
            fields = try Self.fields(of: record)
            guard try again.encoded() == written else { throw Finding("a record is read as another one") }
        } catch {
            throw Finding("a \(R.self) that was read cannot be written and read: \(error)")
        }
        guard try Self.fields(of: again) == fields else { throw Finding("a record lost something on its way") }
    }

    /// All of a noun, whatever its record leaves out; nil where it nests deeper than maps of names may.
    private static func fields(of noun: some Encodable) throws(Finding) -> [UInt8]? {
        do {
            return try RecordEncoder().encode(noun)
        } catch is EncodingError {
            return nil
        } catch {
            throw Finding("writing failed with something other than its own error: \(error)")
        }
    }

    /// Nil when the bytes are refused as they should be.
    static func refusing<Value>(_ read: () throws -> Value) throws(Finding) -> Value? {
        do {
            return try read()
        } catch let error as MalformedRecord {
            guard error.description.hasSuffix(".") else { throw Finding("not a sentence: \(error)") }
        } catch is DecodingError {
        } catch let failure as StoreFailure {
            guard !failure.message.isEmpty else { throw Finding("a failure without a sentence") }
        } catch {
            throw Finding("refused with something other than a sentence of its own: \(error)")
        }
        return nil
    }
}

extension FuzzEntry {
    /// Between them these hold all that commands are made of.
    private static let registry = CommandRegistry([
        UpsertCompany.self, UpsertUser.self, SetTrait.self, RegisterEntities.self, CreateFeature.self,
        SetFlagRules.self, SetBillingProduct.self, CreatePlanEntitlement.self, PublishPlanVersion.self,
        SetPlanGroup.self, CreateCompanyOverride.self, CreateAPIKey.self, UpdateBillingSettings.self,
        ManagePlan.self, ClosePeriods.self, MarkInvoicePaid.self,
    ])

    /// As for records. What is journaled is what was read, however it was spelled.
    func checkCommand(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        guard let command = try Self.refusing({ try Self.registry.decode(Array(bytes)) }) else { return }
        do {
            let written = try RecordEncoder().encode(JournaledCommand(command))
            let again = try Self.registry.decode(written)
            guard try RecordEncoder().encode(JournaledCommand(again)) == written else {
                throw Finding("a command is read as another one")
            }
        } catch {
            throw Finding("a \(type(of: command)) that was read cannot be written and read: \(error)")
        }
    }
}
