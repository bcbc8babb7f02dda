public import Basics
public import Model
public import Store

/// Makes or changes the user that the keys, or else the id, name, and makes it a member of companies.
///
/// Companies that are named by keys and do not exist yet are made. Memberships are only ever added.
public struct UpsertUser: Command {
    public static var name: String { "upsert_user" }

    public var keys: [String: String]
    public var name: String?
    public var traits: [String: TraitValue] = [:]
    public var removeKeys: [String] = []
    public var updateOnly = false
    public var createOnly = false
    public var companies: [[String: String]] = []
    public var companyIDs: [Identifier<Company>] = []
    public var userID: Identifier<User>?
    public var lastSeenAt: Timestamp?

    public init(keys: [String: String]) {
        self.keys = keys
    }

    public func apply(_ transaction: Transaction) throws -> User {
        guard !createOnly || userID == nil else {
            throw Refusal.invalid("a user that is only to be created cannot be named by its id")
        }
        var user: User
        if let found = try transaction.find(User.self, keys: keys, id: userID) {
            guard !createOnly else { throw Refusal.conflict("user \(found.id) has one of the keys already") }
            user = found
            if let name {
                try name.check(as: "a name")
                user.name = name
            }
        } else {
            guard !updateOnly else { throw Refusal.notFound("no user has one of the keys \(keys.shown)") }
            user = try transaction.makeUser(keys: keys, name: name)
        }
        try transaction.change(&user, KeyChange(keys: keys, removing: removeKeys))
        try transaction.merge(traits, into: &user)
        try join(&user, transaction)
        if let lastSeenAt { user.lastSeenAt = lastSeenAt }
        user.updatedAt = transaction.now
        try transaction.put(user)
        return user
    }

    private func join(_ user: inout User, _ transaction: Transaction) throws {
        guard !companies.isEmpty || !companyIDs.isEmpty else { return }
        // Companies that are gone make room for others.
        user.memberships = try user.memberships.filter { try transaction.get($0.companyID) != nil }
        for id in companyIDs { try transaction.join(&user, id) }
        for keys in companies {
            if let company = try transaction.find(Company.self, keys: keys) {
                try transaction.join(&user, company.id)
            } else {
                let company = try transaction.makeCompany(
                    keys: keys, name: nil, plan: transaction.initialAssignment())
                try transaction.put(company)
                try transaction.join(&user, company.id)
            }
        }
    }
}
