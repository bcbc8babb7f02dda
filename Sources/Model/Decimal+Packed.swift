public import Basics

/// A whole number is packed as an integer, any other as scale and coefficient.
extension Decimal: Packed {
    public func pack(into writer: inout RecordWriter) {
        if scale > 0 {
            writer.writeArray(count: 2)
            writer.write(UInt64(scale))
        }
        if let short = Int64(exactly: coefficient) { writer.write(short) } else { writer.write(coefficient) }
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        var scale = 0
        if reader.isAtArray {
            try reader.readFields(2)
            scale = Int(clamping: try reader.readUInt64())
        }
        let coefficient = try reader.readInt128()
        // In lowest terms, as it is packed: else two records could be equal values.
        guard scale <= Self.maximumScale, let value = Decimal(coefficient: coefficient, scale: scale),
            value.scale == scale
        else { throw reader.unfit() }
        self = value
    }
}
