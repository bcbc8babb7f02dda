package import Basics
package import Model

/// A noun that is kept as one record of its own.
package protocol Record: Codable, Sendable, Identified {
    static var kind: RecordKind { get }
    var id: Identifier<Self> { get }

    /// What putting it changes for a company other than through that company's own record.
    func effect(at now: Timestamp) -> CompanyEffect?

    /// The record as the store holds it.
    func encoded() throws -> [UInt8]
    static func decoded(_ bytes: UnsafeRawBufferPointer) throws -> Self
}

extension Record {
    package func effect(at now: Timestamp) -> CompanyEffect? { nil }

    package func encoded() throws -> [UInt8] { try RecordEncoder().encode(self) }

    package static func decoded(_ bytes: UnsafeRawBufferPointer) throws -> Self {
        try RecordDecoder().decode(Self.self, from: bytes)
    }
}

/// Kinds of which there are hundreds of thousands.
extension Record where Self: Packed {
    package func encoded() throws -> [UInt8] { packed }

    package static func decoded(_ bytes: UnsafeRawBufferPointer) throws -> Self {
        bytes.isMap ? try RecordDecoder().decode(Self.self, from: bytes) : try Self(packed: bytes)
    }
}

extension CompanyBilling {
    static func decoded(_ company: UnsafeRawBufferPointer) throws -> CompanyBilling {
        company.isMap ? CompanyBilling(of: try Company.decoded(company)) : try CompanyBilling(packed: company)
    }
}

extension UnsafeRawBufferPointer {
    /// Stores from before records were packed hold them as maps.
    fileprivate var isMap: Bool { first.map { $0 >> 5 == 5 } ?? false }
}

extension Record {
    package static func decoded(_ bytes: [UInt8]) throws -> Self { try bytes.withUnsafeBytes { try decoded($0) } }
}

/// The first byte of a record's key. Part of the store's format: numbers are never reused.
package enum RecordKind: UInt8, Sendable, CaseIterable {
    case environment = 1
    case apiKey = 2
    case traitDefinition = 3
    case company = 4
    case user = 5
    case feature = 6
    case flag = 7
    case plan = 8
    case planVersion = 9
    case planEntitlement = 10
    case companyOverride = 11
    case planGroup = 12
    case subscription = 13
    case invoice = 14
    case meter = 15
    case temporaryAccessToken = 16
    case planTrait = 17
    case flagUse = 18
    case planChange = 19
    case scheduledCheckout = 23
    case planVersionMigration = 35
    case companyMigration = 36
    case planVersionUse = 37
    case customPlanBilling = 38
    case coupon = 29
    case customerBalance = 30
    case balanceEntry = 31
    case creditNote = 32
    case billingCustomer = 41
    case billingProduct = 42
    case mirroredPrice = 43
    case billingMeter = 44
    case mirroredSubscription = 45
    case mirroredInvoice = 46
    case paymentMethod = 47
    case billingDetails = 51

    /// Kinds that belong to the whole store, whatever environment they describe.
    var isGlobal: Bool { self == .environment || self == .apiKey || self == .temporaryAccessToken }

    /// Kinds that are few and together make up an environment's catalog, which is kept in memory.
    package var isCatalog: Bool {
        switch self {
        case .environment, .apiKey, .traitDefinition, .feature, .flag, .plan, .planVersion, .planEntitlement,
            .planGroup, .meter, .planTrait, .billingProduct, .mirroredPrice, .billingMeter, .coupon:
            true
        default: false
        }
    }

    /// Kinds whose records somebody keeps decoded.
    var isKept: Bool { isCatalog || self == .temporaryAccessToken }
}

extension Model.Environment: Record { package static var kind: RecordKind { .environment } }
extension APIKey: Record { package static var kind: RecordKind { .apiKey } }
extension TemporaryAccessToken: Record { package static var kind: RecordKind { .temporaryAccessToken } }
extension PlanTrait: Record { package static var kind: RecordKind { .planTrait } }
extension TraitDefinition: Record { package static var kind: RecordKind { .traitDefinition } }
extension Company: Record { package static var kind: RecordKind { .company } }
extension User: Record { package static var kind: RecordKind { .user } }
extension Feature: Record { package static var kind: RecordKind { .feature } }
extension Flag: Record { package static var kind: RecordKind { .flag } }
extension Plan: Record { package static var kind: RecordKind { .plan } }
extension PlanVersion: Record { package static var kind: RecordKind { .planVersion } }
extension PlanEntitlement: Record { package static var kind: RecordKind { .planEntitlement } }
extension CompanyOverride: Record {
    package static var kind: RecordKind { .companyOverride }

    package func effect(at now: Timestamp) -> CompanyEffect? {
        CompanyEffect(companyID: companyID, cutsPeriods: false)
    }
}
extension PlanGroup: Record { package static var kind: RecordKind { .planGroup } }
extension Subscription: Record {
    package static var kind: RecordKind { .subscription }

    /// It cuts when it begins or ends now, and when its anchor is or has been moved. Closing a period moves no
    /// boundary.
    package func effect(at now: Timestamp) -> CompanyEffect? {
        let isMoved = anchor == now || status == .trialing
        let isBounded = startedAt == now || endedAt.map { now <= $0 } == true
        return CompanyEffect(companyID: companyID, cutsPeriods: isMoved || isBounded)
    }
}
extension Invoice: Record { package static var kind: RecordKind { .invoice } }
extension FlagUse: Record { package static var kind: RecordKind { .flagUse } }
extension BillingDetails: Record { package static var kind: RecordKind { .billingDetails } }
extension ScheduledCheckout: Record { package static var kind: RecordKind { .scheduledCheckout } }
extension PlanChange: Record { package static var kind: RecordKind { .planChange } }
extension Coupon: Record { package static var kind: RecordKind { .coupon } }
extension CustomerBalance: Record { package static var kind: RecordKind { .customerBalance } }
extension BalanceEntry: Record { package static var kind: RecordKind { .balanceEntry } }
extension CreditNote: Record { package static var kind: RecordKind { .creditNote } }
extension PlanVersionMigration: Record { package static var kind: RecordKind { .planVersionMigration } }
extension CompanyMigration: Record { package static var kind: RecordKind { .companyMigration } }
extension CustomPlanBilling: Record { package static var kind: RecordKind { .customPlanBilling } }
extension PlanVersionUse: Record { package static var kind: RecordKind { .planVersionUse } }
extension Meter: Record { package static var kind: RecordKind { .meter } }
extension BillingCustomer: Record { package static var kind: RecordKind { .billingCustomer } }
extension BillingProduct: Record { package static var kind: RecordKind { .billingProduct } }
extension MirroredPrice: Record { package static var kind: RecordKind { .mirroredPrice } }
extension BillingMeter: Record { package static var kind: RecordKind { .billingMeter } }
extension MirroredSubscription: Record { package static var kind: RecordKind { .mirroredSubscription } }
extension MirroredInvoice: Record { package static var kind: RecordKind { .mirroredInvoice } }
extension PaymentMethod: Record { package static var kind: RecordKind { .paymentMethod } }
