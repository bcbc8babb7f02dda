internal import Crypto
public import Model

/// The text of API keys and temporary access tokens: made here, shown once, stored only as a hash.
public enum APIKeySecret {
    /// A new key, for example `sch_dev_` and 32 random letters and digits.
    public static func generate(for type: EnvironmentType, kind: APIKey.Kind) -> String {
        let prefix =
            switch type {
            case .development: "dev"
            case .staging: "stag"
            case .production: "prod"
            }
        return (kind == .secret ? "sch_\(prefix)_" : "sch_pub_\(prefix)_") + random()
    }

    /// A new temporary access token.
    package static func generateToken() -> String { tokenPrefix + random() }

    package static let tokenPrefix = "token_"

    private static func random() -> String {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        var random = SystemRandomNumberGenerator()
        return String((0..<32).map { _ in alphabet.randomElement(using: &random)! })
    }

    /// SHA-256 of the key's UTF-8. Keys are random, so a fast hash without salt cannot be searched.
    public static func hash(_ key: some StringProtocol) -> [UInt8] {
        Array(SHA256.hash(data: Array(key.utf8)))
    }
}
