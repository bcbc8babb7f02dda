internal import Crypto
public import Model

/// The text of API keys: made here, shown once, stored only as a hash.
public enum APIKeySecret {
    /// A new key, for example `sch_dev_` and 32 random letters and digits.
    public static func generate(for type: EnvironmentType, kind: APIKey.Kind) -> String {
        let prefix =
            switch type {
            case .development: "dev"
            case .staging: "stag"
            case .production: "prod"
            }
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        var random = SystemRandomNumberGenerator()
        let secret = String((0..<32).map { _ in alphabet.randomElement(using: &random)! })
        return kind == .secret ? "sch_\(prefix)_\(secret)" : "sch_pub_\(prefix)_\(secret)"
    }

    /// SHA-256 of the key's UTF-8. Keys are random, so a fast hash without salt cannot be searched.
    public static func hash(_ key: some StringProtocol) -> [UInt8] {
        Array(SHA256.hash(data: Array(key.utf8)))
    }
}
