internal import Model
public import Tollgate

/// The body of an `identify` event: `{keys, name?, traits?, company?: {keys, name?, traits?}}`.
///
/// Give `decode` to the engine as `EngineOptions.decodeIdentify`, since the engine itself reads no JSON trees.
public enum IdentifyBody {
    /// - Throws: `Refusal` when it cannot be used.
    @Sendable public static func decode(_ bytes: UnsafeBufferPointer<UInt8>) throws -> Identification {
        let json = try JSONParser.parse(UnsafeRawBufferPointer(bytes))
        guard case .object(let values) = json else { throw Refusal.invalid("body must be an object") }
        let body = Fields(values, path: "body.")
        return Identification(user: try body.entity(), company: try body.object("company")?.entity())
    }
}

extension Fields {
    fileprivate func entity() throws(Refusal) -> Identification.Entity {
        Identification.Entity(
            keys: try required("keys"), name: try optional("name"), traits: try optional("traits") ?? [:])
    }
}
