public import Basics
public import Model
public import Store

/// Makes a user a member of a company. The membership that is there already is answered as it is.
public struct JoinCompany: Command {
    public static var name: String { "join_company" }

    public var userID: Identifier<User>
    public var companyID: Identifier<Company>

    public init(userID: Identifier<User>, companyID: Identifier<Company>) {
        self.userID = userID
        self.companyID = companyID
    }

    public func apply(_ transaction: Transaction) throws -> User {
        var user = try transaction.require(userID, "user")
        // A user keeps its memberships of companies that are gone.
        _ = try transaction.require(companyID, "company")
        let count = user.memberships.count
        try transaction.join(&user, companyID)
        guard user.memberships.count > count else { return user }
        user.updatedAt = transaction.now
        try transaction.put(user)
        return user
    }
}

/// Ends a user's membership of a company, which may be gone by now.
public struct LeaveCompany: Command {
    public static var name: String { "leave_company" }

    public var userID: Identifier<User>
    public var membershipID: Identifier<CompanyMembership>

    public init(userID: Identifier<User>, membershipID: Identifier<CompanyMembership>) {
        self.userID = userID
        self.membershipID = membershipID
    }

    public func apply(_ transaction: Transaction) throws {
        var user = try transaction.require(userID, "user")
        guard let index = user.memberships.firstIndex(where: { $0.id == membershipID }) else {
            throw Refusal.notFound("there is no company membership \(membershipID)")
        }
        let membership = user.memberships.remove(at: index)
        if var company = try transaction.get(membership.companyID) {
            company.userCount -= 1
            try transaction.put(company)
        }
        user.updatedAt = transaction.now
        try transaction.put(user)
    }
}
