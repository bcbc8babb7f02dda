internal import Catalog

/// Companies, users and event names that a batch uses and nobody knows yet.
struct MissingEntities {
    private(set) var companies: [[String: String]] = []
    private(set) var users: [[String: String]] = []
    private(set) var links: [RegisterEntities.Link] = []
    private(set) var eventSubtypes: Set<String> = []

    var isEmpty: Bool { companies.isEmpty && users.isEmpty && eventSubtypes.isEmpty }

    mutating func add(company: [String: String]?, user: [String: String]?, eventSubtype: String?) {
        if let company { companies.append(company) }
        if let user { users.append(user) }
        if let eventSubtype { eventSubtypes.insert(eventSubtype) }
    }

    mutating func link(company: [String: String], user: [String: String]) {
        companies.append(company)
        users.append(user)
        links.append(RegisterEntities.Link(company: companies.count - 1, user: users.count - 1))
    }

    var command: RegisterEntities {
        RegisterEntities(
            companies: companies, users: users, eventSubtypes: eventSubtypes.sorted(), links: links)
    }
}
