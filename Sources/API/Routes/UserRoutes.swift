internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addUsers() {
        list("users", Self.userFilter) { UserDetailResponseData(user: $0, view: $1) }
        addByKeys(
            .user, under: "users", find: { try $0.requireUser(keys: $1) },
            delete: { DeleteUser(userID: $0) }, deleted: { UserResponseData(user: $0) }
        ) {
            UserDetailResponseData(user: $0, view: $1)
        }
        one("users", id: "user_id") { UserDetailResponseData(user: $0, view: $1) }
        delete("users", id: "user_id") { DeleteUser(userID: $0) }
        post("users") { call in
            try await call.user(try call.body.upsertUser())
        }
        post("users/create") { call in
            var command = try call.body.upsertUser()
            command.createOnly = true
            return try await call.user(command, .created)
        }
        addMemberships()
    }

    /// Memberships are kept inside users, so the list goes through those.
    private func addMemberships() {
        get("company-memberships") { call in
            let page = try call.query.page()
            let companies: OneOf<Identifier<Company>> = try call.query.oneOf(single: "company_id")
            let users: OneOf<Identifier<User>> = try call.query.oneOf(single: "user_id")
            return try call.answer { view in
                try view.reading.list(User.self, limit: .max) { users.allows($0.id) }
                    .flatMap { user in
                        user.memberships.filter { companies.allows($0.companyID) }
                            .map { CompanyMembershipDetailResponseData(user: user, membership: $0, view: view) }
                    }
                    .dropFirst(page.offset).prefix(page.limit).map { $0 }
            }
        }
        post("company-memberships") { call in
            let command = JoinCompany(
                userID: try call.body.required("user_id"), companyID: try call.body.required("company_id"))
            let user = try await call.execute(command)
            guard let membership = user.memberships.first(where: { $0.companyID == command.companyID }) else {
                preconditionFailure("whoever joined a company is a member of it")
            }
            return try call.answer { CompanyMembershipDetailResponseData(user: user, membership: membership, view: $0) }
        }
        delete("company-memberships/:company_membership_id") { call in
            let id: Identifier<CompanyMembership> = try call.id("company_membership_id")
            let member = try call.engine.read(call.environment) { view in
                try view.list(User.self, limit: 1) { $0.memberships.contains { $0.id == id } }.first
            }
            guard let member else { throw Refusal.missing("company_membership_id", id.description) }
            try await call.execute(LeaveCompany(userID: member.id, membershipID: id))
            return call.deleted()
        }
    }

    private static let userFilter: Filter<User> = { query, view in
        let ids: OneOf<Identifier<User>> = try query.oneOf("ids")
        let companies: OneOf<Identifier<Company>> = try query.oneOf(single: "company_id")
        let plans: OneOf<Identifier<Plan>> = try query.oneOf(single: "plan_id")
        let search = try query.search()
        return { user in
            guard ids.allows(user.id), search.allows([user.name] + user.keys.map(\.value)) else { return false }
            if companies.values == nil, plans.values == nil { return true }
            return user.memberships.contains { membership in
                companies.allows(membership.companyID)
                    && (plans.values == nil || plans.allows(view.get(membership.companyID)?.plan?.planID))
            }
        }
    }
}

extension Call {
    fileprivate func user(_ command: UpsertUser, _ status: HTTPResponse.Status = .ok) async throws -> Answer {
        let user = try await execute(command)
        return try answer(status) { UserDetailResponseData(user: user, view: $0) }
    }
}

extension Fields {
    fileprivate func upsertUser() throws(Refusal) -> UpsertUser {
        var command = UpsertUser(keys: try required("keys"))
        command.name = try optional("name")
        command.traits = try optional("traits") ?? [:]
        command.removeKeys = try optional("remove_keys") ?? []
        command.updateOnly = try optional("update_only") ?? false
        command.userID = try optional("id")
        command.lastSeenAt = try optional("last_seen_at")
        command.companies = try optional("companies") ?? []
        if let company: [String: String] = try optional("company") { command.companies.append(company) }
        command.companyIDs = try optional("company_ids") ?? []
        if let id: Identifier<Company> = try optional("company_id") { command.companyIDs.append(id) }
        return command
    }
}
