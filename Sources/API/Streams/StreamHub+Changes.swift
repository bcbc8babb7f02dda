internal import Basics
internal import Entitlements
internal import Model
internal import NIOCore
internal import Tollgate

/// What changes, and who is told.
extension StreamHub {
    func tell(_ changes: ChangeFeed.Changes, _ round: inout StreamRound) throws {
        // A session that follows all companies of an environment hears of those that nobody follows by name.
        var changed: [Identifier<Company>: EnvironmentID] = [:]
        var changedUsers: [Identifier<User>: EnvironmentID] = [:]
        var contexts: Set<StreamContext> = []
        for (id, environment) in environments {
            let records = changes.environments[id] ?? .init()
            if changes.isEverything { forgetTold(of: id) }
            if changes.isEverything || records.hasOtherCatalog {
                try tellFlags(of: id, &round)
                for (company, followed) in companies where followed.environment == id { changed[company] = id }
                for (user, followed) in users where followed.environment == id { changedUsers[user] = id }
                contexts.formUnion(environment.contexts.keys)
            }
            for company in records.companies { changed[company] = id }
            for user in records.users { changedUsers[user] = id }
            if records.hasOtherNames { try contexts.formUnion(renamed(environment)) }
            try tellOverdue(id, environment, &contexts, &round)
        }
        for (company, environment) in changed {
            try tellWhole(company, in: environment, &round)
            contexts.formUnion(companies[company]?.contexts ?? [])
            handSlice(&round)
        }
        for company in changes.used where changed[company] == nil {
            try tellUse(company, &round)
            contexts.formUnion(companies[company]?.contexts ?? [])
            handSlice(&round)
        }
        for (user, environment) in changedUsers {
            try tellUser(user, in: environment, &round)
            contexts.formUnion(users[user]?.contexts ?? [])
        }
        for context in contexts {
            try tellContext(context, &round)
            handSlice(&round)
        }
    }

    private func forgetTold(of environment: EnvironmentID) {
        environments[environment]?.toldFlags = nil
        for followed in companies.values where followed.environment == environment { followed.told = nil }
        for followed in users.values where followed.environment == environment { followed.told = nil }
        for followed in environments[environment]?.contexts.values ?? [:].values { followed.told = nil }
    }

    /// Spans, holds and overrides that ended since the last look.
    private func tellOverdue(
        _ id: EnvironmentID, _ environment: FollowedEnvironment, _ contexts: inout Set<StreamContext>,
        _ round: inout StreamRound
    ) throws {
        let now = engine.now(in: id)
        guard let next = environment.changesAt, next <= now else { return }
        environment.changesAt = nil
        for (company, followed) in companies where followed.environment == id {
            if let time = followed.changesAt, time <= now {
                try tellWhole(company, in: id, &round)
                contexts.formUnion(followed.contexts)
            }
            environment.changes(at: followed.changesAt)
        }
    }

    // MARK: - Flags

    private func tellFlags(of id: EnvironmentID, _ round: inout StreamRound) throws {
        let environment = followedEnvironment(id)
        guard !environment.flagSessions.isEmpty || !environment.singleFlagSessions.isEmpty else {
            environment.toldFlags = nil
            return
        }
        let flags = try encodedFlags(of: id)
        defer { environment.toldFlags = Self.told(flags) }
        guard let told = environment.toldFlags else {
            round.tell(environment.flagSessions, StreamMessage.full(.flags, flags.map(\.json)))
            for flag in flags {
                guard let sessions = environment.singleFlagSessions[flag.key] else { continue }
                round.tell(sessions, StreamMessage.full(.flag, id: flag.id.description, flag.json))
            }
            return
        }
        for flag in flags where told[flag.key]?.hash != flag.json.hash {
            let sessions = environment.flagSessions.union(environment.singleFlagSessions[flag.key] ?? [])
            round.tell(sessions, StreamMessage.full(.flag, id: flag.id.description, flag.json))
        }
        for (key, flag) in told where !flags.contains(where: { $0.key == key }) {
            let sessions = environment.flagSessions.union(environment.singleFlagSessions[key] ?? [])
            let gone = RulesEngineGoneFlag(id: flag.id, key: key, environment: id)
            round.tell(sessions, StreamMessage.delete(.flag, id: flag.id.description, gone))
        }
    }

    /// Tells one session all flags, or one.
    func tellFlags(
        of id: EnvironmentID, only key: String? = nil, to session: StreamSession, _ round: inout StreamRound
    ) throws {
        let environment = followedEnvironment(id)
        let flags = try encodedFlags(of: id)
        if environment.toldFlags == nil { environment.toldFlags = Self.told(flags) }
        guard let key else { return round.tell(session, StreamMessage.full(.flags, flags.map(\.json))) }
        guard let flag = flags.first(where: { $0.key == key }) else { return }
        round.tell(session, StreamMessage.full(.flag, id: flag.id.description, flag.json))
    }

    private typealias EncodedFlag = (id: Identifier<Flag>, key: String, json: EncodedJSON)

    private func encodedFlags(of environment: EnvironmentID) throws -> [EncodedFlag] {
        let (flags, definitions) = try engine.flags(in: environment)
        return flags.map { flag in
            (
                flag.id, flag.key,
                EncodedJSON(RulesEngineFlag(flag: flag, environment: environment, definitions: definitions))
            )
        }
    }

    private static func told(_ flags: [EncodedFlag]) -> [String: (id: Identifier<Flag>, hash: Int)] {
        Dictionary(flags.map { ($0.key, ($0.id, $0.json.hash)) }) { _, last in last }
    }

    // MARK: - Companies and users

    /// Compares all of a company with what was told of it.
    private func tellWhole(
        _ id: Identifier<Company>, in environment: EnvironmentID, _ round: inout StreamRound
    ) throws {
        let followed = companies[id]
        let everybody = environments[environment]?.companySessions ?? []
        guard followed != nil || !everybody.isEmpty else { return }
        guard let picture = try engine.picture(of: id, in: environment) else {
            let gone = RulesEngineGone(
                id: id.description, environment: environment, keys: followed?.told?.keys ?? [:])
            let message = StreamMessage.delete(.company, id: id.description, gone)
            round.tell(everybody.union(followed?.sessions ?? []), message)
            for session in followed?.sessions ?? [] { conversations[session]?.companies.remove(id) }
            followed?.forget()
            return dropIfIdle(id)
        }
        let company = RulesEngineCompany(picture)
        if !everybody.isEmpty { round.tell(everybody, StreamMessage.full(.company, id: id.description, company)) }
        guard let followed else { return }
        follow(changesAt: picture.use.changesAt, of: followed)
        guard !followed.sessions.isEmpty, let message = followed.difference(to: company, id) else { return }
        round.tell(followed.sessions.subtracting(everybody), message)
    }

    /// Compares what a company has used with what was told of it.
    private func tellUse(_ id: Identifier<Company>, _ round: inout StreamRound) throws {
        if let followed = companies[id] {
            guard let told = followed.told, environments[followed.environment]?.companySessions.isEmpty ?? true else {
                return try tellWhole(id, in: followed.environment, &round)
            }
            guard let use = try engine.use(of: id, in: followed.environment) else { return }
            follow(changesAt: use.changesAt, of: followed)
            let encoded = RulesEngineUse(use, of: id, in: followed.environment, since: told.createdAt)
            guard let message = followed.difference(to: encoded, id) else { return }
            round.tell(followed.sessions, message)
        } else {
            // Whose it is is not known, but only one environment has it.
            for (environment, followed) in environments where !followed.companySessions.isEmpty {
                guard let picture = try engine.picture(of: id, in: environment) else { continue }
                let company = RulesEngineCompany(picture)
                round.tell(followed.companySessions, StreamMessage.full(.company, id: id.description, company))
            }
        }
    }

    private func follow(changesAt time: Timestamp?, of followed: FollowedCompany) {
        followed.changesAt = time
        environments[followed.environment]?.changes(at: time)
    }

    private func tellUser(
        _ id: Identifier<User>, in environment: EnvironmentID, _ round: inout StreamRound
    ) throws {
        let followed = users[id]
        let sessions = (followed?.sessions ?? []).union(environments[environment]?.userSessions ?? [])
        guard !sessions.isEmpty else { return }
        guard let picture = try engine.picture(of: id, in: environment) else {
            let gone = RulesEngineGone(
                id: id.description, environment: environment, keys: followed?.told?.keys ?? [:])
            round.tell(sessions, StreamMessage.delete(.user, id: id.description, gone))
            for session in sessions { conversations[session]?.users.remove(id) }
            followed?.sessions = []
            return dropIfIdle(id)
        }
        let user = RulesEngineUser(picture: picture)
        let told = user.told
        guard followed?.told?.hash != told.hash else { return }
        followed?.told = told
        round.tell(sessions, StreamMessage.full(.user, id: id.description, user))
    }
}
