public import Basics
public import Model
public import Store

/// Forgets a user with its keys and memberships.
public struct DeleteUser: Command {
    public static var name: String { "delete_user" }

    public var userID: Identifier<User>

    public init(userID: Identifier<User>) {
        self.userID = userID
    }

    public func apply(_ transaction: Transaction) throws -> User {
        let user = try transaction.require(userID, "user")
        for membership in user.memberships {
            guard var company = try transaction.get(membership.companyID) else { continue }
            company.userCount -= 1
            try transaction.put(company)
        }
        transaction.releaseKeys(of: user)
        transaction.delete(userID)
        return user
    }
}
