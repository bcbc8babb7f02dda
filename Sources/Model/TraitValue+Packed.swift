public import Basics

/// Packed as null, or as a letter for the kind and the value, so that `"5"` and `5` stay different values.
extension TraitValue: Packed {
    public func pack(into writer: inout RecordWriter) {
        switch self {
        case .null: writer.writeNull()
        case .bool(let value): pack("b", value, &writer)
        case .number(let literal): pack("n", literal, &writer)
        case .string(let value): pack("s", value, &writer)
        case .array(let values): pack("a", values, &writer)
        case .object(let values): pack("o", values, &writer)
        }
    }

    private func pack(_ kind: String, _ value: some Packed, _ writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        writer.write(kind)
        value.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        if reader.readNull() {
            self = .null
            return
        }
        try reader.readFields(2)
        let kind = try reader.readString()
        // The only noun that may hold another of its kind.
        self = try reader.nested { reader throws(MalformedRecord) in
            switch kind {
            case "b": .bool(try reader.readBool())
            case "n": .number(try reader.readString())
            case "s": .string(try reader.readString())
            case "a": .array(try [TraitValue](unpacking: &reader))
            case "o": .object(try [String: TraitValue](unpacking: &reader))
            default: throw reader.unfit()
            }
        }
    }
}
