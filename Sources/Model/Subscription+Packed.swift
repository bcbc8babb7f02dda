public import Basics

extension SubscriptionStatus: Packed {}
extension PriceInterval.Unit: Packed {}

extension Subscription: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 31)
        id.pack(into: &writer)
        environmentID.pack(into: &writer)
        companyID.pack(into: &writer)
        status.pack(into: &writer)
        planID.pack(into: &writer)
        versionID.pack(into: &writer)
        priceID.pack(into: &writer)
        currency.pack(into: &writer)
        interval.pack(into: &writer)
        startedAt.pack(into: &writer)
        anchor.pack(into: &writer)
        timezone.pack(into: &writer)
        periodIndex.pack(into: &writer)
        payInAdvance.pack(into: &writer)
        usageCarriedFrom.pack(into: &writer)
        cancelAtPeriodEnd.pack(into: &writer)
        meteredFrom.pack(into: &writer)
        hasBilledItsEnd.pack(into: &writer)
        endedAt.pack(into: &writer)
        pendingLines.pack(into: &writer)
        billedPeriods.pack(into: &writer)
        createdAt.pack(into: &writer)
        updatedAt.pack(into: &writer)
        addOns.pack(into: &writer)
        discount.pack(into: &writer)
        correctsAt.pack(into: &writer)
        migrationID.pack(into: &writer)
        trialEnding.pack(into: &writer)
        isLeadInFree.pack(into: &writer)
        billedEarly.pack(into: &writer)
        advanceInvoices.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        let fields = try reader.readFields(23...31)
        id = try Identifier<Subscription>(unpacking: &reader)
        environmentID = try Identifier<Environment>(unpacking: &reader)
        companyID = try Identifier<Company>(unpacking: &reader)
        status = try SubscriptionStatus(unpacking: &reader)
        planID = try Identifier<Plan>(unpacking: &reader)
        versionID = try Identifier<PlanVersion>(unpacking: &reader)
        priceID = try Identifier<Price>(unpacking: &reader)
        currency = try Currency(unpacking: &reader)
        interval = try PriceInterval(unpacking: &reader)
        startedAt = try Timestamp(unpacking: &reader)
        anchor = try Timestamp(unpacking: &reader)
        timezone = try String(unpacking: &reader)
        periodIndex = try Int(unpacking: &reader)
        payInAdvance = try [PayInAdvanceQuantity](unpacking: &reader)
        usageCarriedFrom = try Timestamp(unpacking: &reader)
        cancelAtPeriodEnd = try Bool(unpacking: &reader)
        meteredFrom = try Timestamp?(unpacking: &reader)
        hasBilledItsEnd = try Bool(unpacking: &reader)
        endedAt = try Timestamp?(unpacking: &reader)
        pendingLines = try [InvoiceLine](unpacking: &reader)
        billedPeriods = try [BilledPeriod](unpacking: &reader)
        createdAt = try Timestamp(unpacking: &reader)
        updatedAt = try Timestamp(unpacking: &reader)
        if fields > 23 { addOns = try [SubscribedAddOn](unpacking: &reader) }
        discount = fields > 24 ? try SubscriptionDiscount?(unpacking: &reader) : nil
        correctsAt = fields > 25 ? try Timestamp?(unpacking: &reader) : nil
        migrationID = fields > 26 ? try Identifier<CompanyMigration>?(unpacking: &reader) : nil
        trialEnding = fields > 27 ? try TrialEnding?(unpacking: &reader) : nil
        if fields > 28 { isLeadInFree = try Bool(unpacking: &reader) }
        if fields > 29 { billedEarly = try [EarlyUse](unpacking: &reader) }
        advanceInvoices = fields > 30 ? try AdvanceInvoices?(unpacking: &reader) : nil
    }
}

extension SubscribedAddOn: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 3)
        planID.pack(into: &writer)
        versionID.pack(into: &writer)
        priceID.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(3)
        planID = try Identifier<Plan>(unpacking: &reader)
        versionID = try Identifier<PlanVersion>(unpacking: &reader)
        priceID = try Identifier<Price>?(unpacking: &reader)
    }
}

extension PriceInterval: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        unit.pack(into: &writer)
        count.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(2)
        unit = try Unit(unpacking: &reader)
        count = try Int64(unpacking: &reader)
    }
}

extension PayInAdvanceQuantity: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        entitlementID.pack(into: &writer)
        quantity.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(2)
        entitlementID = try Identifier<PlanEntitlement>(unpacking: &reader)
        quantity = try Int64(unpacking: &reader)
    }
}

extension AdvanceInvoices: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        opening.pack(into: &writer)
        changes.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(2)
        opening = try Identifier<Invoice>(unpacking: &reader)
        changes = try [Identifier<Invoice>](unpacking: &reader)
    }
}

extension BilledPeriod: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 3)
        period.pack(into: &writer)
        invoiceID.pack(into: &writer)
        lines.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(3)
        period = try Period(unpacking: &reader)
        invoiceID = try Identifier<Invoice>(unpacking: &reader)
        lines = try [InvoiceLine](unpacking: &reader)
    }
}

extension Currency: Packed {
    public func pack(into writer: inout RecordWriter) { code.pack(into: &writer) }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        guard let currency = Currency(try reader.readString()) else { throw reader.unfit() }
        self = currency
    }
}
