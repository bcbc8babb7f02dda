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
        var invoice =
            try transaction.find(MirroredInvoice.self, externalID)
            ?? MirroredInvoice(
                id: transaction.newID(), externalID: externalID, customer: customer, details: details,
                createdAt: transaction.now)
        guard invoice.customerExternalID == customer.externalID else {
            throw Refusal.conflict("invoice \(externalID) is one of customer \(invoice.customerExternalID)")
        }
        if details.isOlder(than: invoice.details) { return invoice }
        invoice.details = details
        invoice.updatedAt = transaction.now
        try transaction.putExternal(invoice)
        return invoice
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
        var method: PaymentMethod
        if let known = try transaction.find(PaymentMethod.self, externalID) {
            guard known.customerExternalID == customer.externalID else {
                throw Refusal.conflict("payment method \(externalID) is one of customer \(known.customerExternalID)")
            }
            method = known
        } else {
            try transaction.checkRoom(in: customer.paymentMethodIDs, of: "customer \(customer.externalID)")
            method = PaymentMethod(
                id: transaction.newID(), externalID: externalID, customer: customer, details: details,
                createdAt: transaction.now)
            customer.paymentMethodIDs.append(method.id)
            try transaction.put(customer)
        }
        method.details = details
        method.updatedAt = transaction.now
        try transaction.putExternal(method)
        return method
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
