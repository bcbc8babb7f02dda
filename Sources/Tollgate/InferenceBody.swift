internal import EventScanner
internal import Model

/// The body of an inference event: one or more calls of a language model. Source: Schematic, "Event bodies".
enum InferenceBody {
    private enum Kind {
        case text, count
    }

    /// Company, user and event are the scanner's.
    private static let fields: [(name: String, kind: Kind, isRequired: Bool)] = [
        ("provider", .text, true), ("response_model", .text, true), ("input_tokens", .count, true),
        ("output_tokens", .count, true), ("cached_input_tokens", .count, false),
        ("cache_creation_input_tokens", .count, false), ("reasoning_tokens", .count, false),
        ("requests", .count, false), ("request_model", .text, false), ("operation", .text, false),
        ("cost", .text, false), ("currency", .text, false),
    ]
    private static let names = fields.map(\.name)

    /// How many calls it reports, which is what its event counts; nil where it does not say.
    ///
    /// - Throws: `Refusal` for a body that lacks a field, or has one of another kind.
    static func requests(of event: ScannedEvent) throws(Refusal) -> Int64? {
        guard !event.company.isEmpty else { throw .invalid("company is missing") }
        let values = event.rawBody.map { RawTraits.values(of: names, in: $0) } ?? names.map { _ in nil }
        var requests: Int64?
        for (field, value) in zip(fields, values) {
            switch (value, field.kind) {
            case (nil, _), (.null, _), (.text(""), .text):
                guard !field.isRequired else { throw .invalid("\(field.name) is missing") }
            case (.text, .text): continue
            case (.number(let literal), .count):
                guard let count = Int64(literal), count >= 0, count <= ConsumeRequest.greatestQuantity else {
                    throw .invalid("\(field.name) must be an integer of 0 to 10^15, not \(literal.prefix(40))")
                }
                if field.name == "requests" { requests = count }
            case (_, .text): throw .invalid("\(field.name) must be a string")
            case (_, .count): throw .invalid("\(field.name) must be an integer")
            }
        }
        return requests
    }
}
