import Basics
import Catalog
import Model
import Testing

@Suite struct MembershipTests {
    @Test func whoJoinsIsCountedOnceAndWhoLeavesNoMore() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let user = try world.execute(UpsertUser(keys: ["user": "u"]))
        let joined = try world.execute(JoinCompany(userID: user.id, companyID: company.id))
        let again = try world.execute(JoinCompany(userID: user.id, companyID: company.id))
        #expect(joined.memberships.map(\.companyID) == [company.id])
        #expect(again.memberships.map(\.id) == joined.memberships.map(\.id))
        #expect(try world.get(company.id)?.userCount == 1)

        let membership = joined.memberships[0].id
        try world.execute(LeaveCompany(userID: user.id, membershipID: membership))
        #expect(try world.get(user.id)?.memberships.isEmpty == true)
        #expect(try world.get(company.id)?.userCount == 0)
        refused(.notFound, "there is no company membership \(membership)") {
            try world.execute(LeaveCompany(userID: user.id, membershipID: membership))
        }
    }

    @Test func aCompanyThatIsGoneCanBeLeftAndNotJoined() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let user = try world.execute(UpsertUser(keys: ["user": "u"]))
        let membership = try world.execute(JoinCompany(userID: user.id, companyID: company.id)).memberships[0]
        try world.execute(DeleteCompany(companyID: company.id))
        refused(.notFound, "company \(company.id) does not exist") {
            try world.execute(JoinCompany(userID: user.id, companyID: company.id))
        }
        try world.execute(LeaveCompany(userID: user.id, membershipID: membership.id))
        #expect(try world.get(user.id)?.memberships.isEmpty == true)
    }
}
