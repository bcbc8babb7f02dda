public import Basics

extension Hold: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 7)
        id.pack(into: &writer)
        companyID.pack(into: &writer)
        meterID.pack(into: &writer)
        featureID.pack(into: &writer)
        quantity.pack(into: &writer)
        expiresAt.pack(into: &writer)
        settlement.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(7)
        id = try Identifier<Hold>(unpacking: &reader)
        companyID = try Identifier<Company>(unpacking: &reader)
        meterID = try Identifier<Meter>(unpacking: &reader)
        featureID = try Identifier<Feature>?(unpacking: &reader)
        quantity = try Int64(unpacking: &reader)
        expiresAt = try Timestamp(unpacking: &reader)
        settlement = try HoldSettlement?(unpacking: &reader)
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
