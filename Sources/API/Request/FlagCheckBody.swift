internal import Model

/// The body of a `flag_check` event, with which a program reports a check that it made itself.
///
/// Give `flagKey` to the engine as `EngineOptions.decodeFlagCheck`, since the engine itself reads no JSON trees.
public enum FlagCheckBody {
    /// Nil when the body names no flag.
    @Sendable public static func flagKey(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard case .object(let body)? = try? JSONParser.parse(UnsafeRawBufferPointer(bytes)),
            case .string(let key)? = body["flag_key"]
        else { return nil }
        return key
    }
}
