public import Basics

/// A credential for the data of one company, for a browser: shown once, kept as its SHA-256, and over soon.
///
/// Source of the rules: Schematic, temporary access tokens.
public struct TemporaryAccessToken: Codable, Sendable, Identified {
    public static let idPrefix = "tmptok"
    public static let lifetime = TimeSpan.minutes(15)

    public let id: Identifier<TemporaryAccessToken>
    public let environmentID: Identifier<Environment>
    /// Of the key that issued it; without that it is worth nothing.
    public let keyID: Identifier<APIKey>
    public let companyID: Identifier<Company>
    public let hash: [UInt8]
    public let createdAt: Timestamp
    /// From here on it is over.
    public let expiresAt: Timestamp

    public init(
        id: Identifier<TemporaryAccessToken>, environmentID: Identifier<Environment>, keyID: Identifier<APIKey>,
        companyID: Identifier<Company>, hash: [UInt8], createdAt: Timestamp
    ) {
        self.id = id
        self.environmentID = environmentID
        self.keyID = keyID
        self.companyID = companyID
        self.hash = hash
        self.createdAt = createdAt
        expiresAt = createdAt + Self.lifetime
    }
}
