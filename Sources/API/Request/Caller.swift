internal import Basics
internal import Model
internal import Tollgate

/// Who asks: an API key, or a temporary access token that one issued for a company.
struct Caller {
    let key: APIKey
    /// The only one that a token is for; nil for keys.
    var company: Identifier<Company>?
}

extension Engine {
    /// Who makes a request, having checked that they may do this.
    func admit(_ head: HeadFields, for access: Access) throws -> Caller {
        guard let secret = head.secret, secret.hasPrefix(APIKeySecret.tokenPrefix),
            let token = temporaryToken(secret)
        else { return Caller(key: try authorize(head, for: access)) }
        guard now(in: token.environmentID) < token.expiresAt else {
            throw Unauthorized(message: "this temporary access token is over since \(token.expiresAt.rfc3339)")
        }
        guard let key = apiKey(token.keyID) else {
            throw Unauthorized(message: "the API key that issued this temporary access token was revoked")
        }
        guard access == .company || access == .check else { throw token.refusal }
        try key.requireEnvironment(of: head)
        return Caller(key: key, company: token.companyID)
    }
}

extension TemporaryAccessToken {
    fileprivate var refusal: Refusal {
        .forbidden("this temporary access token may read company \(companyID) and check flags for it only")
    }
}

extension Call {
    /// Refuses a token's request that names another company than the token's, or none; keys may name any.
    func requireOwnCompany() throws {
        guard let own = caller.company else { return }
        let single: [Identifier<Company>]? = try query.list("company_id")
        let listed: [Identifier<Company>]? = try query.list("company_ids")
        var named: Set<Identifier<Company>?> = Set((single ?? []) + (listed ?? []))
        if path.has("company_id") { named.insert(try? id("company_id")) }
        for keys in [query.map("keys"), query.map("company_keys")].compactMap(\.self) {
            named.insert(try engine.read(environment) { try $0.company(keys: keys)?.id })
        }
        guard named == [own] else { throw notOwn(own) }
    }

    /// The same for a check: the company must be the token's, and the user one of its users, or nobody.
    func requireOwn(company: [String: String]?, user: [String: String]?) throws {
        guard let own = caller.company else { return }
        try engine.read(environment) { view in
            guard let company, try view.company(keys: company)?.id == own else { throw notOwn(own) }
            if let user, let found = try view.user(keys: user) {
                guard found.memberships.contains(where: { $0.companyID == own }) else { throw notOwn(own) }
            }
        }
    }

    private func notOwn(_ own: Identifier<Company>) -> Refusal {
        .forbidden(
            "this temporary access token is for company \(own) and its users: the request must name it, and no other")
    }
}
