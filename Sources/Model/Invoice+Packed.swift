public import Basics

extension InvoiceStatus: Packed {}
extension InvoiceLineType: Packed {}
extension CollectionMethod: Packed {}

extension Invoice: Packed {
    static let packedFields = 20

    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: Self.packedFields)
        packContent(into: &writer)
        seal.pack(into: &writer)
    }

    /// All but the seal.
    func packContent(into writer: inout RecordWriter) {
        id.pack(into: &writer)
        environmentID.pack(into: &writer)
        companyID.pack(into: &writer)
        subscriptionID.pack(into: &writer)
        status.pack(into: &writer)
        number.pack(into: &writer)
        currency.pack(into: &writer)
        period.pack(into: &writer)
        lines.pack(into: &writer)
        finalizesAt.pack(into: &writer)
        finalizedAt.pack(into: &writer)
        dueAt.pack(into: &writer)
        collectionMethod.pack(into: &writer)
        daysUntilDue.pack(into: &writer)
        settlements.pack(into: &writer)
        createdAt.pack(into: &writer)
        updatedAt.pack(into: &writer)
        terms.pack(into: &writer)
        credits.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        let fields = try reader.readFields(17...Self.packedFields)
        id = try Identifier<Invoice>(unpacking: &reader)
        environmentID = try Identifier<Environment>(unpacking: &reader)
        companyID = try Identifier<Company>(unpacking: &reader)
        subscriptionID = try Identifier<Subscription>(unpacking: &reader)
        status = try InvoiceStatus(unpacking: &reader)
        number = try String?(unpacking: &reader)
        currency = try Currency(unpacking: &reader)
        period = try Period(unpacking: &reader)
        lines = try [InvoiceLine](unpacking: &reader)
        finalizesAt = try Timestamp(unpacking: &reader)
        finalizedAt = try Timestamp?(unpacking: &reader)
        dueAt = try Timestamp?(unpacking: &reader)
        collectionMethod = try CollectionMethod(unpacking: &reader)
        daysUntilDue = try Int64(unpacking: &reader)
        settlements = try [Settlement](unpacking: &reader)
        createdAt = try Timestamp(unpacking: &reader)
        updatedAt = try Timestamp(unpacking: &reader)
        terms = fields > 17 ? try InvoiceTerms?(unpacking: &reader) : nil
        credits = fields > 18 ? try InvoiceCredits?(unpacking: &reader) : nil
        seal = fields > 19 ? try InvoiceSeal?(unpacking: &reader) : nil
    }
}

extension Settlement: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 6)
        id.pack(into: &writer)
        amount.pack(into: &writer)
        reference.pack(into: &writer)
        idempotencyKey.pack(into: &writer)
        settledAt.pack(into: &writer)
        isFromBalance.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        let fields = try reader.readFields(5...6)
        id = try Identifier<Settlement>(unpacking: &reader)
        amount = try Int64(unpacking: &reader)
        reference = try String?(unpacking: &reader)
        idempotencyKey = try String(unpacking: &reader)
        settledAt = try Timestamp(unpacking: &reader)
        isFromBalance = fields > 5 ? try Bool?(unpacking: &reader) : nil
    }
}

/// What is packed of a line is sealed with its invoice. So what lines gain later is left away where they do not have
/// it, or the lines of before would not be what was sealed.
extension InvoiceLine: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 17)
        id.pack(into: &writer)
        type.pack(into: &writer)
        description.pack(into: &writer)
        planID.pack(into: &writer)
        versionID.pack(into: &writer)
        featureID.pack(into: &writer)
        featureKey.pack(into: &writer)
        entitlementID.pack(into: &writer)
        quantity.pack(into: &writer)
        unitAmount.pack(into: &writer)
        amount.pack(into: &writer)
        period.pack(into: &writer)
        tiers.pack(into: &writer)
        prorationBasis.pack(into: &writer)
        correctsLineID.pack(into: &writer)
        usageBasis.pack(into: &writer)
        derivation.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        let fields = try reader.readFields(16...17)
        id = try Identifier<InvoiceLine>(unpacking: &reader)
        type = try InvoiceLineType(unpacking: &reader)
        description = try String(unpacking: &reader)
        planID = try Identifier<Plan>(unpacking: &reader)
        versionID = try Identifier<PlanVersion>(unpacking: &reader)
        featureID = try Identifier<Feature>?(unpacking: &reader)
        featureKey = try String?(unpacking: &reader)
        entitlementID = try Identifier<PlanEntitlement>?(unpacking: &reader)
        quantity = try Decimal(unpacking: &reader)
        unitAmount = try Decimal?(unpacking: &reader)
        amount = try Int64(unpacking: &reader)
        period = try Period(unpacking: &reader)
        tiers = try [TierCharge](unpacking: &reader)
        prorationBasis = try ProrationBasis?(unpacking: &reader)
        correctsLineID = try Identifier<InvoiceLine>?(unpacking: &reader)
        usageBasis = try UsageBasis?(unpacking: &reader)
        derivation = fields > 16 ? try LineDerivation?(unpacking: &reader) : nil
    }
}

extension UsageBasis: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 8)
        meterID.pack(into: &writer)
        period.pack(into: &writer)
        model.pack(into: &writer)
        minimum.pack(into: &writer)
        maximum.pack(into: &writer)
        eventsMeterID.pack(into: &writer)
        billedEarly.pack(into: &writer)
        isEarly.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        let fields = try reader.readFields(3...8)
        meterID = try Identifier<Meter>?(unpacking: &reader)
        period = try Period(unpacking: &reader)
        model = try PriceModel(unpacking: &reader)
        minimum = fields > 3 ? try Int64?(unpacking: &reader) : nil
        maximum = fields > 4 ? try Int64?(unpacking: &reader) : nil
        eventsMeterID = fields > 5 ? try Identifier<Meter>?(unpacking: &reader) : nil
        billedEarly = fields > 6 ? try EarlyUse?(unpacking: &reader) : nil
        isEarly = fields > 7 ? try Bool(unpacking: &reader) : false
    }
}

extension TierCharge: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 5)
        upTo.pack(into: &writer)
        quantity.pack(into: &writer)
        unitAmount.pack(into: &writer)
        flatAmount.pack(into: &writer)
        amount.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(5)
        upTo = try Decimal?(unpacking: &reader)
        quantity = try Decimal(unpacking: &reader)
        unitAmount = try Decimal(unpacking: &reader)
        flatAmount = try Decimal(unpacking: &reader)
        amount = try Decimal(unpacking: &reader)
    }
}

extension ProrationBasis: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        seconds.pack(into: &writer)
        ofSeconds.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(2)
        seconds = try Int64(unpacking: &reader)
        ofSeconds = try Int64(unpacking: &reader)
    }
}
