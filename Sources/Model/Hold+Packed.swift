public import Basics

/// A hold of a meter has seven fields; one of a trait has null in the place of the meter, and the trait as an eighth.
extension Hold: Packed {
    public func pack(into writer: inout RecordWriter) {
        let (meterID, traitID): (Identifier<Meter>?, Identifier<TraitDefinition>?) =
            switch target {
            case .meter(let id): (id, nil)
            case .trait(let id): (nil, id)
            }
        writer.writeArray(count: traitID == nil ? 7 : 8)
        id.pack(into: &writer)
        companyID.pack(into: &writer)
        meterID.pack(into: &writer)
        featureID.pack(into: &writer)
        quantity.pack(into: &writer)
        expiresAt.pack(into: &writer)
        settlement.pack(into: &writer)
        traitID?.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        let count = try reader.readArray()
        guard 7...8 ~= count else { throw reader.unfit() }
        id = try Identifier<Hold>(unpacking: &reader)
        companyID = try Identifier<Company>(unpacking: &reader)
        let meterID = try Identifier<Meter>?(unpacking: &reader)
        featureID = try Identifier<Feature>?(unpacking: &reader)
        quantity = try Int64(unpacking: &reader)
        expiresAt = try Timestamp(unpacking: &reader)
        settlement = try HoldSettlement?(unpacking: &reader)
        switch (meterID, count) {
        case (let meterID?, 7): target = .meter(meterID)
        case (nil, 8): target = .trait(try Identifier<TraitDefinition>(unpacking: &reader))
        default: throw reader.unfit()
        }
    }
}

extension HoldSettlement: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 5)
        committed.pack(into: &writer)
        usage.pack(into: &writer)
        reserved.pack(into: &writer)
        allocation.pack(into: &writer)
        remaining.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(5)
        committed = try Int64?(unpacking: &reader)
        usage = try Int64(unpacking: &reader)
        reserved = try Int64(unpacking: &reader)
        allocation = try Int64?(unpacking: &reader)
        remaining = try Int64?(unpacking: &reader)
    }
}
