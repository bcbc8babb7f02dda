public import Basics

/// A tax that a company's invoices carry, as somebody who knows the law has stated it.
public struct TaxRate: Codable, Sendable, Equatable {
    public static let maximumPlaces = 6
    public static let maximumCount = 10

    public var name: String
    /// 8.875 is 8.875 %.
    public var percent: Decimal
    /// Prices contain the tax: it is shown, not added.
    public var isInclusive: Bool

    public init(name: String, percent: Decimal, isInclusive: Bool) {
        self.name = name
        self.percent = percent
        self.isInclusive = isInclusive
    }
}

extension TaxRate: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 3)
        name.pack(into: &writer)
        percent.pack(into: &writer)
        isInclusive.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(3)
        name = try String(unpacking: &reader)
        percent = try Decimal(unpacking: &reader)
        isInclusive = try Bool(unpacking: &reader)
    }
}
