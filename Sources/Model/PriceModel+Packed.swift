public import Basics

/// Packed as its kind, a number that is never reused, and what it is made of.
extension PriceModel: Packed {
    private enum Kind: UInt64 {
        case perUnit = 1
        case overage = 2
        case graduated = 3
        case volume = 4
    }

    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 3)
        switch self {
        case .perUnit(let unit):
            writer.write(Kind.perUnit.rawValue)
            writer.writeNull()
            unit.pack(into: &writer)
        case .overage(let included, let unit):
            writer.write(Kind.overage.rawValue)
            included.pack(into: &writer)
            unit.pack(into: &writer)
        case .graduated(let tiers, let flatAtZero):
            writer.write(Kind.graduated.rawValue)
            writer.write(flatAtZero)
            tiers.pack(into: &writer)
        case .volume(let tiers, let flatAtZero):
            writer.write(Kind.volume.rawValue)
            writer.write(flatAtZero)
            tiers.pack(into: &writer)
        }
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(3)
        switch Kind(rawValue: try reader.readUInt64()) {
        case .perUnit:
            guard reader.readNull() else { throw reader.unfit() }
            self = .perUnit(unit: try Decimal(unpacking: &reader))
        case .overage:
            let included = try Decimal(unpacking: &reader)
            self = .overage(included: included, unit: try Decimal(unpacking: &reader))
        case .graduated:
            let flatAtZero = try reader.readBool()
            self = .graduated(tiers: try [PriceTier](unpacking: &reader), flatAtZero: flatAtZero)
        case .volume:
            let flatAtZero = try reader.readBool()
            self = .volume(tiers: try [PriceTier](unpacking: &reader), flatAtZero: flatAtZero)
        case nil:
            throw reader.unfit()
        }
    }
}

extension PriceTier: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 3)
        upTo.pack(into: &writer)
        unitAmount.pack(into: &writer)
        flatAmount.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(3)
        upTo = try Decimal?(unpacking: &reader)
        unitAmount = try Decimal(unpacking: &reader)
        flatAmount = try Decimal(unpacking: &reader)
    }
}
