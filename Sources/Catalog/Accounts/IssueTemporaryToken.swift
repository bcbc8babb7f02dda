public import Basics
public import Model
public import Store

/// Lets whoever has the token read one company's data for a quarter of an hour.
public struct IssueTemporaryToken: Command {
    public static var name: String { "issue_temporary_token" }

    public var companyID: Identifier<Company>
    public var keyID: Identifier<APIKey>
    /// SHA-256 of the token's UTF-8.
    public var hash: [UInt8]
    /// Tokens that are over, to be forgotten on this occasion.
    public var outdated: [Identifier<TemporaryAccessToken>]

    public init(
        companyID: Identifier<Company>, keyID: Identifier<APIKey>, hash: [UInt8],
        outdated: [Identifier<TemporaryAccessToken>]
    ) {
        self.companyID = companyID
        self.keyID = keyID
        self.hash = hash
        self.outdated = outdated
    }

    public func apply(_ transaction: Transaction) throws -> TemporaryAccessToken {
        _ = try transaction.require(companyID, "company")
        for id in outdated {
            if let token = try transaction.get(id), token.expiresAt <= transaction.now { transaction.delete(id) }
        }
        let token = TemporaryAccessToken(
            id: transaction.newID(), environmentID: try transaction.environment().id, keyID: keyID,
            companyID: companyID, hash: hash, createdAt: transaction.now)
        try transaction.put(token)
        return token
    }
}
