extension Decimal: LosslessStringConvertible {
    /// Parses `-?digits(.digits)?` and nothing else: no exponent, no plus, no spaces, no bare point.
    /// Nil also when the number needs more than 38 digits or 21 places.
    public init?(_ text: String) {
        var bytes = text.utf8[...]
        let negative = bytes.first == UInt8(ascii: "-")
        if negative { bytes.removeFirst() }
        guard let first = bytes.first, let last = bytes.last, first != point, last != point else { return nil }

        var magnitude: Int128 = 0
        var places = 0
        var pointSeen = false
        for byte in bytes {
            if byte == point {
                guard !pointSeen else { return nil }
                pointSeen = true
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (shifted, tooLong) = magnitude.multipliedReportingOverflow(by: 10)
            let (next, tooLarge) = shifted.addingReportingOverflow(Int128(byte - UInt8(ascii: "0")))
            guard !tooLong, !tooLarge else { return nil }
            magnitude = next
            if pointSeen { places += 1 }
        }
        self.init(coefficient: negative ? -magnitude : magnitude, scale: places)
    }

    /// The shortest exact text: `-0.25`, `1000`. Parsing it gives the same value.
    public var description: String {
        let digits = String(coefficient.magnitude)
        let sign = coefficient < 0 ? "-" : ""
        guard scale > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return sign + padded.dropLast(scale) + "." + padded.suffix(scale)
    }
}

private let point = UInt8(ascii: ".")

extension Decimal: Codable {
    /// As its text: a JSON number would pass through binary floating point in most readers.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Decimal(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is not a decimal of at most 21 places")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Decimal: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int64) {
        self.init(value)
    }
}
