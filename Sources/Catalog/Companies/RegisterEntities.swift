internal import Basics
internal import Model
public import Store

/// Makes the companies, users and meters that events name and that do not exist yet.
///
/// What exists is left alone, and what cannot be made (keys that name two companies, names that are too long, a limit
/// reached) is passed over: the events that name it are refused one by one when they are resolved again.
public struct RegisterEntities: Command {
    public static var name: String { "register_entities" }

    /// That a user appeared together with a company: indices into the two lists.
    public struct Link: Codable, Sendable {
        public var company: Int
        public var user: Int

        public init(company: Int, user: Int) {
            self.company = company
            self.user = user
        }
    }

    public var companies: [[String: String]]
    public var users: [[String: String]]
    public var eventSubtypes: [String]
    public var links: [Link]

    public init(
        companies: [[String: String]], users: [[String: String]] = [], eventSubtypes: [String] = [], links: [Link] = []
    ) {
        self.companies = companies
        self.users = users
        self.eventSubtypes = eventSubtypes
        self.links = links
    }

    public func apply(_ transaction: Transaction) throws {
        let plan = companies.isEmpty ? nil : try transaction.initialAssignment()
        let companies = try self.companies.map { keys in
            try unlessRefused {
                if let company = try transaction.find(Company.self, keys: keys) { return company.id }
                let company = try transaction.makeCompany(keys: keys, name: nil, plan: plan)
                try transaction.put(company)
                return company.id
            }
        }
        let users = try self.users.map { keys in
            try unlessRefused {
                if let user = try transaction.find(User.self, keys: keys) { return user.id }
                let user = try transaction.makeUser(keys: keys, name: nil)
                try transaction.put(user)
                return user.id
            }
        }
        for link in links {
            guard companies.indices.contains(link.company), users.indices.contains(link.user),
                let company = companies[link.company], let user = users[link.user]
            else { continue }
            try unlessRefused { try join(user, company, transaction) }
        }
        guard !eventSubtypes.isEmpty else { return }
        var meters = try Meters(transaction)
        for eventSubtype in eventSubtypes {
            try unlessRefused { _ = try meters.ensure(eventSubtype) }
        }
    }

    private func join(_ userID: Identifier<User>, _ companyID: Identifier<Company>, _ transaction: Transaction) throws {
        var user = try transaction.require(userID, "user")
        let memberships = user.memberships.count
        try transaction.join(&user, companyID)
        if user.memberships.count > memberships { try transaction.put(user) }
    }

    /// Nil instead of a refusal. Faults of the store still end the command.
    @discardableResult
    private func unlessRefused<R>(_ make: () throws -> R) throws -> R? {
        do {
            return try make()
        } catch is Refusal {
            return nil
        }
    }
}
