internal import Basics
public import Model
public import Store

/// Takes over what a billing provider says of an invoice. News that are older than what is known change nothing.
public struct UpsertMirroredInvoice: Command {
    public static var name: String { "upsert_mirrored_invoice" }

    public var externalID: String
    public var customerExternalID: String
    public var details: MirroredInvoice.Details

    public init(externalID: String, customerExternalID: String, details: MirroredInvoice.Details) {
        self.externalID = externalID
        self.customerExternalID = customerExternalID
        self.details = details
    }

    public func apply(_ transaction: Transaction) throws -> MirroredInvoice {
        try externalID.checkExternal("external_id")
        try details.collectionMethod.checkOptional(as: "collection_method", limit: Limits.nameBytes)
        try details.url?.checkOptional(as: "url")
        guard details.amountPaid >= 0 else {
            throw Refusal.invalid("amount_paid cannot be negative, as \(details.amountPaid) is")
        }
        let customer = try transaction.require(BillingCustomer.self, customerExternalID, "billing customer")
        let known = try transaction.find(MirroredInvoice.self, externalID, of: customer, "invoice")
        if let known, details.isOlder(than: known.details) { return known }
        let invoice =
            known
            ?? MirroredInvoice(
                id: transaction.newID(), externalID: externalID, customer: customer, details: details,
                createdAt: transaction.now)
        return try transaction.take(details, of: invoice)
    }
}

public struct DeleteMirroredInvoice: Command {
    public static var name: String { "delete_mirrored_invoice" }

    /// The provider's id of it, or ours.
    public var externalID: String

    public init(externalID: String) {
        self.externalID = externalID
    }

    public func apply(_ transaction: Transaction) throws {
        transaction.deleteExternal(try transaction.require(MirroredInvoice.self, externalID, "billing invoice"))
    }
}

/// Takes over what a billing provider says of a way to pay.
public struct UpsertPaymentMethod: Command {
    public static var name: String { "upsert_payment_method" }

    public var externalID: String
    public var customerExternalID: String
    public var details: PaymentMethod.Details

    public init(externalID: String, customerExternalID: String, details: PaymentMethod.Details) {
        self.externalID = externalID
        self.customerExternalID = customerExternalID
        self.details = details
    }

    public func apply(_ transaction: Transaction) throws -> PaymentMethod {
        try check()
        var customer = try transaction.require(BillingCustomer.self, customerExternalID, "billing customer")
        if let known = try transaction.find(PaymentMethod.self, externalID, of: customer, "payment method") {
            return try transaction.take(details, of: known)
        }
        try transaction.checkRoom(in: customer.paymentMethodIDs, of: "customer \(customer.externalID)")
        let method = PaymentMethod(
            id: transaction.newID(), externalID: externalID, customer: customer, details: details,
            createdAt: transaction.now)
        customer.paymentMethodIDs.append(method.id)
        try transaction.put(customer)
        return try transaction.take(details, of: method)
    }

    private func check() throws(Refusal) {
        try externalID.checkExternal("external_id")
        try details.type.check(as: "payment_method_type")
        let texts = [
            ("account_last4", details.accountLast4), ("account_name", details.accountName),
            ("bank_name", details.bankName), ("billing_email", details.billingEmail),
            ("billing_name", details.billingName), ("card_brand", details.cardBrand),
            ("card_last4", details.cardLast4),
        ]
        for (field, text) in texts { try text?.checkOptional(as: field, limit: Limits.nameBytes) }
        if let month = details.cardExpiryMonth, !(1...12).contains(month) {
            throw .invalid("card_exp_month must be between 1 and 12, not \(month)")
        }
    }
}

public struct DeletePaymentMethod: Command {
    public static var name: String { "delete_payment_method" }

    /// The provider's id of it, or ours.
    public var externalID: String

    public init(externalID: String) {
        self.externalID = externalID
    }

    public func apply(_ transaction: Transaction) throws {
        let method = try transaction.require(PaymentMethod.self, externalID, "payment method")
        if var customer = try transaction.find(BillingCustomer.self, method.customerExternalID) {
            customer.paymentMethodIDs.removeAll { $0 == method.id }
            try transaction.put(customer)
        }
        transaction.deleteExternal(method)
    }
}

extension Transaction {
    /// Whether a provider knows a way in which the company can pay.
    package func hasPaymentMethod(_ company: Company) throws -> Bool {
        for provider in BillingProviderType.allCases {
            guard let key = company.keys.first(where: { $0.name == provider.customerKey }),
                let customer = try find(BillingCustomer.self, key.value), customer.details.provider == provider
            else { continue }
            if !customer.paymentMethodIDs.isEmpty || customer.details.defaultPaymentMethodID != nil { return true }
        }
        return false
    }
}
