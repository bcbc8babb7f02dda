internal import Basics
internal import Model
internal import Tollgate

struct UserResponseData: WireObject {
    let user: User

    func writeFields(to json: inout JSONWriter) {
        json.field("id", user.id)
        json.field("environment_id", user.environmentID)
        json.field("name", user.name)
        json.field("last_seen_at", user.lastSeenAt)
        json.field("created_at", user.createdAt)
        json.field("updated_at", user.updatedAt)
    }
}

struct UserDetailResponseData: WireObject {
    let user: User
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        UserResponseData(user: user).writeFields(to: &json)
        EntityFields(user, view).writeFields(to: &json)
        json.field(
            "company_memberships",
            user.memberships.map { CompanyMembershipDetailResponseData(user: user, membership: $0, view: view) })
    }
}

struct CompanyMembershipDetailResponseData: WireObject {
    let user: User
    let membership: CompanyMembership
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", membership.id)
        json.field("company_id", membership.companyID)
        json.field("company", view.get(membership.companyID).map(CompanyResponseData.init))
        json.field("user_id", user.id)
        json.field("created_at", membership.createdAt)
        json.field("updated_at", membership.createdAt)
    }
}
