public import Basics

extension Company: Packed {
    /// How many fields there are. `CompanyBilling` knows the places of two of them.
    static let packedFields = 14...18

    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: Self.packedFields.upperBound)
        id.pack(into: &writer)
        environmentID.pack(into: &writer)
        name.pack(into: &writer)
        keys.pack(into: &writer)
        traits.pack(into: &writer)
        plan.pack(into: &writer)
        overrideIDs.pack(into: &writer)
        subscriptionID.pack(into: &writer)
        endedSubscriptionIDs.pack(into: &writer)
        billingProfile.pack(into: &writer)
        userCount.pack(into: &writer)
        lastSeenAt.pack(into: &writer)
        createdAt.pack(into: &writer)
        updatedAt.pack(into: &writer)
        addOns.pack(into: &writer)
        mirror.pack(into: &writer)
        trials.pack(into: &writer)
        scheduledCheckoutID.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        let fields = try reader.readFields(Self.packedFields)
        id = try Identifier<Company>(unpacking: &reader)
        environmentID = try Identifier<Environment>(unpacking: &reader)
        name = try String(unpacking: &reader)
        keys = try [EntityKey](unpacking: &reader)
        traits = try [String: TraitValue](unpacking: &reader)
        plan = try PlanAssignment?(unpacking: &reader)
        overrideIDs = try [Identifier<CompanyOverride>](unpacking: &reader)
        subscriptionID = try Identifier<Subscription>?(unpacking: &reader)
        endedSubscriptionIDs = try [Identifier<Subscription>](unpacking: &reader)
        billingProfile = try BillingProfile(unpacking: &reader)
        userCount = try Int(unpacking: &reader)
        lastSeenAt = try Timestamp?(unpacking: &reader)
        createdAt = try Timestamp(unpacking: &reader)
        updatedAt = try Timestamp(unpacking: &reader)
        if fields > 14 { addOns = try [PlanAssignment](unpacking: &reader) }
        mirror = fields > 15 ? try CompanyMirror?(unpacking: &reader) : nil
        if fields > 16 { trials = try [Trial](unpacking: &reader) }
        scheduledCheckoutID = fields > 17 ? try Identifier<ScheduledCheckout>?(unpacking: &reader) : nil
    }
}

extension EntityKey: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 3)
        name.pack(into: &writer)
        value.pack(into: &writer)
        createdAt.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(3)
        name = try String(unpacking: &reader)
        value = try String(unpacking: &reader)
        createdAt = try Timestamp(unpacking: &reader)
    }
}

extension PlanAssignment: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 3)
        planID.pack(into: &writer)
        versionID.pack(into: &writer)
        assignedAt.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(3)
        planID = try Identifier<Plan>(unpacking: &reader)
        versionID = try Identifier<PlanVersion>(unpacking: &reader)
        assignedAt = try Timestamp(unpacking: &reader)
    }
}

extension BillingProfile: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 10)
        id.pack(into: &writer)
        name.pack(into: &writer)
        collectionMethod.pack(into: &writer)
        daysUntilDue.pack(into: &writer)
        timezone.pack(into: &writer)
        createdAt.pack(into: &writer)
        updatedAt.pack(into: &writer)
        taxRates.pack(into: &writer)
        gatingDays.pack(into: &writer)
        paymentMethodID.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        let fields = try reader.readFields(7...10)
        id = try Identifier<BillingProfile>(unpacking: &reader)
        name = try String?(unpacking: &reader)
        collectionMethod = try CollectionMethod(unpacking: &reader)
        daysUntilDue = try Int64(unpacking: &reader)
        timezone = try String?(unpacking: &reader)
        createdAt = try Timestamp(unpacking: &reader)
        updatedAt = try Timestamp(unpacking: &reader)
        taxRates = fields > 7 ? try [TaxRate]?(unpacking: &reader) : nil
        gatingDays = fields > 8 ? try Int64?(unpacking: &reader) : nil
        paymentMethodID = fields > 9 ? try Identifier<PaymentMethod>?(unpacking: &reader) : nil
    }
}
