internal import Basics
internal import Catalog
package import Model

extension Engine {
    /// How far the time at which a key is said to have been used last may be behind.
    private static let useGranularity = TimeSpan.minutes(10)

    /// The token's record, also when it is over; nil for one that is not known.
    package func temporaryToken(_ text: some StringProtocol) -> TemporaryAccessToken? {
        let hash = APIKeySecret.hash(text)
        return memory.tokens.withLock { $0[hash] }
    }

    package func apiKey(_ id: Identifier<APIKey>) -> APIKey? {
        memory.apiKeys.withLock { $0.values.first { $0.id == id } }
    }

    /// Makes a token for a company. The text is nowhere but in the answer.
    package func issueToken(
        for company: Identifier<Company>, by key: APIKey, _ trail: AuditTrail?
    ) async throws -> (token: TemporaryAccessToken, text: String) {
        let now = now(in: key.environmentID)
        let text = APIKeySecret.generateToken()
        let command = IssueTemporaryToken(
            companyID: company, keyID: key.id, hash: APIKeySecret.hash(text),
            outdated: memory.tokens.withLock { $0.outdated(in: key.environmentID, at: now) })
        return (try await execute(command, in: key.environmentID, for: trail), text)
    }

    /// Remembers that the key is in use: a command every ten minutes, for which nobody waits.
    package func noteUse(of key: APIKey) {
        let now = now(in: key.environmentID)
        func isRecent(_ use: Timestamp?) -> Bool { use.map { $0 <= now && now < $0 + Self.useGranularity } ?? false }
        guard !isRecent(key.lastUsedAt) else { return }
        // Tried once, also while nothing can be written.
        let isNoted = memory.noted.withLock { noted in
            if isRecent(noted[key.id]) { return true }
            noted[key.id] = now
            return false
        }
        if !isNoted { _ = try? apply(NoteKeyUse(keyID: key.id), in: key.environmentID, nil) }
    }
}
