internal import Model
internal import Store

/// The temporary access tokens that are kept, found by the hash of their text.
struct TokenTable {
    private var byHash: [[UInt8]: TemporaryAccessToken] = [:]
    /// By environment, the older first. All live equally long, so the first are also the first that are over.
    private var ordered: [EnvironmentID: [(id: Identifier<TemporaryAccessToken>, hash: [UInt8])]] = [:]

    init(_ tokens: [TemporaryAccessToken]) {
        for token in tokens.sorted(by: { $0.id < $1.id }) { add(token) }
    }

    subscript(hash: [UInt8]) -> TemporaryAccessToken? { byHash[hash] }

    /// The oldest tokens of an environment that are over: two, so that each new one makes room for more than itself.
    func outdated(in environment: EnvironmentID, at now: Timestamp) -> [Identifier<TemporaryAccessToken>] {
        (ordered[environment] ?? []).prefix(2)
            .filter { byHash[$0.hash].map { $0.expiresAt <= now } ?? true }.map(\.id)
    }

    mutating func follow(_ change: RecordChange) {
        if let token = change.record as? TemporaryAccessToken { return add(token) }
        for (environment, tokens) in ordered {
            guard let place = tokens.prefix(2).firstIndex(where: { $0.id.ordinal == change.ordinal }) else { continue }
            byHash[tokens[place].hash] = nil
            ordered[environment]?.remove(at: place)
        }
    }

    private mutating func add(_ token: TemporaryAccessToken) {
        byHash[token.hash] = token
        ordered[token.environmentID, default: []].append((token.id, token.hash))
    }
}
