public import Basics

/// Packed as its kind, a number that is never reused, and what it is made of.
extension PriceModel: Packed {
    private enum Kind: UInt64 {
        case perUnit = 1
        case overage = 2
        case graduated = 3
        case volume = 4
        case package = 5
        case percentage = 6
        case above = 7
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
        case .package(let size, let rounding, let unit):
            writer.write(Kind.package.rawValue)
            unit.pack(into: &writer)
            writer.writeArray(count: 2)
            size.pack(into: &writer)
            rounding.pack(into: &writer)
        case .percentage(let price):
            writer.write(Kind.percentage.rawValue)
            writer.writeNull()
            price.pack(into: &writer)
        case .above(let free, let model):
            writer.write(Kind.above.rawValue)
            free.pack(into: &writer)
            model.pack(into: &writer)
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
        case .package:
            let unit = try Decimal(unpacking: &reader)
            try reader.readFields(2)
            let size = try Int64(unpacking: &reader)
            self = .package(size: size, rounding: try PackageRounding(unpacking: &reader), unit: unit)
        case .percentage:
            guard reader.readNull() else { throw reader.unfit() }
            self = .percentage(try PercentagePrice(unpacking: &reader))
        case .above:
            let free = try Decimal(unpacking: &reader)
            let model = try reader.nested { reader throws(MalformedRecord) in try PriceModel(unpacking: &reader) }
            self = .above(free: free, model)
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

extension PackageRounding: Packed {}

extension PercentagePrice: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 6)
        rate.pack(into: &writer)
        fixedAmount.pack(into: &writer)
        freeEvents.pack(into: &writer)
        freeAmount.pack(into: &writer)
        minimumAmount.pack(into: &writer)
        maximumAmount.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(6)
        rate = try Decimal(unpacking: &reader)
        fixedAmount = try Decimal(unpacking: &reader)
        freeEvents = try Int64?(unpacking: &reader)
        freeAmount = try Decimal?(unpacking: &reader)
        minimumAmount = try Decimal?(unpacking: &reader)
        maximumAmount = try Decimal?(unpacking: &reader)
    }
}
