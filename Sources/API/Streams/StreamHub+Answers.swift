internal import Basics
internal import Model
internal import NIOCore
internal import Tollgate

/// What clients ask, and how it is answered.
extension StreamHub {
    /// A client that has so much to read already is answered later.
    private static let answerLimit = 1 << 20
    /// When a round has so much to say, the others wait for the next one.
    private static let roundLimit = 16 << 20
    /// Companies and users that one connection may follow.
    private static let followLimit = 100_000

    func answerAll(_ round: inout StreamRound) throws {
        for session in waiting where round.total < Self.roundLimit {
            guard let conversation = conversations[session] else { continue }
            while conversation.isWaiting,
                session.backlog.withLock({ $0 }) + (round.bytes[session] ?? 0) < Self.answerLimit
            {
                try answerNext(session, conversation, &round)
            }
            if !conversation.isWaiting { waiting.remove(session) }
        }
    }

    private func answerNext(
        _ session: StreamSession, _ conversation: Conversation, _ round: inout StreamRound
    ) throws {
        guard let message = conversation.messages.popFirst() else {
            switch conversation.resync.removeLast() {
            case .company(let id): _ = try start(id, session, conversation, &round)
            case .user(let id): _ = try start(id, session, conversation, &round)
            }
            return
        }
        round.answered[session, default: 0] += 1
        conversation.hasBegun = true
        do {
            switch session.kind {
            case .server: try answer(StreamCommand(message), session, conversation, &round)
            case .browser: try answerBrowser(message, session, conversation, &round)
            }
        } catch let refusal as Refusal {
            round.tell(session, session.kind == .server ? StreamMessage.error(refusal.message) : .of(refusal))
        }
    }

    // MARK: - Server SDKs

    private func answer(
        _ command: StreamCommand, _ session: StreamSession, _ conversation: Conversation, _ round: inout StreamRound
    ) throws {
        do {
            switch command.action {
            case .start: try start(command, session, conversation, &round)
            case .stop: try stop(command, session, conversation)
            }
        } catch let refusal as Refusal {
            round.tell(session, StreamMessage.error(refusal.message, command))
        }
    }

    private func start(
        _ command: StreamCommand, _ session: StreamSession, _ conversation: Conversation, _ round: inout StreamRound
    ) throws {
        let environment = followedEnvironment(session.environment)
        switch command.entity {
        case .flags:
            environment.flagSessions.insert(session)
            try tellFlags(of: session.environment, to: session, &round)
        case .flag:
            let flag = try engine.flag(command.keys, in: session.environment)
            environment.singleFlagSessions[flag.key, default: []].insert(session)
            try tellFlags(of: session.environment, only: flag.key, to: session, &round)
        case .company:
            guard let id = try engine.companyID(command.keys, in: session.environment),
                try start(id, session, conversation, &round)
            else { throw Refusal.notFound("company not found") }
        case .user:
            guard let id = try engine.userID(command.keys, in: session.environment),
                try start(id, session, conversation, &round)
            else { throw Refusal.notFound("user not found") }
        case .companies:
            if environment.companySessions.insert(session).inserted { engine.changes.noteEveryUse() }
            round.tell(session, StreamMessage.full(command.entity, EmptyList()))
        case .users:
            environment.userSessions.insert(session)
            round.tell(session, StreamMessage.full(command.entity, EmptyList()))
        }
    }

    /// Tells the company in full, and follows it from now on. False when there is none.
    private func start(
        _ id: Identifier<Company>, _ session: StreamSession, _ conversation: Conversation, _ round: inout StreamRound
    ) throws -> Bool {
        try checkLimit(conversation)
        // Followed before it is looked at, so that no use is missed in between.
        let followed = followedCompany(id, in: session.environment)
        if round.fullCompanies[id] == nil {
            guard let picture = try engine.picture(of: id, in: session.environment) else {
                dropIfIdle(id)
                return false
            }
            let company = RulesEngineCompany(picture)
            if followed.told == nil { followed.told = company.told }
            followedEnvironment(session.environment).changes(at: picture.use.changesAt)
            followed.changesAt = picture.use.changesAt
            round.fullCompanies[id] = StreamMessage.full(.company, id: id.description, company)
        }
        guard let message = round.fullCompanies[id] else { return false }
        followed.sessions.insert(session)
        if conversation.companies.insert(id).inserted { memory.note(.company(id), of: session.origin) }
        round.tell(session, message)
        return true
    }

    private func start(
        _ id: Identifier<User>, _ session: StreamSession, _ conversation: Conversation, _ round: inout StreamRound
    ) throws -> Bool {
        try checkLimit(conversation)
        guard let picture = try engine.picture(of: id, in: session.environment) else { return false }
        let user = RulesEngineUser(picture: picture)
        let followed = followedUser(id, in: session.environment)
        if followed.told == nil { followed.told = user.told }
        followed.sessions.insert(session)
        if conversation.users.insert(id).inserted { memory.note(.user(id), of: session.origin) }
        round.tell(session, StreamMessage.full(.user, id: id.description, user))
        return true
    }

    private func checkLimit(_ conversation: Conversation) throws {
        guard conversation.companies.count + conversation.users.count < Self.followLimit else {
            throw Refusal.conflict("one connection follows at most \(Self.followLimit) companies and users")
        }
    }

    /// Stopping what was not started is no mistake.
    private func stop(_ command: StreamCommand, _ session: StreamSession, _ conversation: Conversation) throws {
        guard let environment = environments[session.environment] else { return }
        switch command.entity {
        case .flags: environment.flagSessions.remove(session)
        case .flag:
            let key = try engine.flag(command.keys, in: session.environment).key
            environment.singleFlagSessions[key]?.remove(session)
        case .company:
            guard let id = try engine.companyID(command.keys, in: session.environment) else { return }
            conversation.companies.remove(id)
            companies[id]?.sessions.remove(session)
            dropIfIdle(id)
        case .user:
            guard let id = try engine.userID(command.keys, in: session.environment) else { return }
            conversation.users.remove(id)
            users[id]?.sessions.remove(session)
            dropIfIdle(id)
        case .companies:
            if environment.companySessions.remove(session) != nil { engine.changes.ignoreEveryUse() }
        case .users: environment.userSessions.remove(session)
        }
    }

    /// The client is gone.
    func stopAll(_ session: StreamSession, _ conversation: Conversation) {
        for id in conversation.companies {
            companies[id]?.sessions.remove(session)
            dropIfIdle(id)
        }
        for id in conversation.users {
            users[id]?.sessions.remove(session)
            dropIfIdle(id)
        }
        if let context = conversation.context { leave(context, session) }
        guard let environment = environments[session.environment] else { return }
        environment.flagSessions.remove(session)
        for key in environment.singleFlagSessions.keys { environment.singleFlagSessions[key]?.remove(session) }
        environment.singleFlagSessions = environment.singleFlagSessions.filter { !$0.value.isEmpty }
        if environment.companySessions.remove(session) != nil { engine.changes.ignoreEveryUse() }
        environment.userSessions.remove(session)
    }

    // MARK: - Browsers

    /// `{"apiKey", "clientVersion", "data": {"company": {}, "user": {}}}`: from now on it is about these.
    private func answerBrowser(
        _ message: ByteBuffer, _ session: StreamSession, _ conversation: Conversation, _ round: inout StreamRound
    ) throws {
        guard let data = try Fields(body: message).object("data") else { throw Refusal.invalid("data is missing") }
        let context = StreamContext(
            environment: session.environment, company: try data.optional("company"), user: try data.optional("user"))
        if let former = conversation.context { leave(former, session) }
        conversation.context = context
        try enter(context, session, &round)
    }

    // MARK: - What is followed

    func followedEnvironment(_ id: EnvironmentID) -> FollowedEnvironment {
        if let known = environments[id] { return known }
        let environment = FollowedEnvironment()
        environments[id] = environment
        return environment
    }

    func followedCompany(_ id: Identifier<Company>, in environment: EnvironmentID) -> FollowedCompany {
        if let known = companies[id] { return known }
        let company = FollowedCompany(environment)
        companies[id] = company
        engine.changes.noteUse(by: id)
        return company
    }

    func followedUser(_ id: Identifier<User>, in environment: EnvironmentID) -> FollowedUser {
        if let known = users[id] { return known }
        let user = FollowedUser(environment)
        users[id] = user
        return user
    }

    func dropIfIdle(_ id: Identifier<Company>) {
        guard let company = companies[id], company.isIdle else { return }
        companies[id] = nil
        engine.changes.ignoreUse(by: id)
    }

    func dropIfIdle(_ id: Identifier<User>) {
        guard let user = users[id], user.isIdle else { return }
        users[id] = nil
    }
}

extension Engine {
    /// The flag that `key` or `id` names.
    fileprivate func flag(_ keys: [String: String], in environment: EnvironmentID) throws -> Flag {
        let flag = try flags(in: environment).flags.first {
            $0.key == keys["key"] || $0.id.description == keys["id"] ?? keys["key"]
        }
        guard let flag else { throw Refusal.notFound("flag not found") }
        return flag
    }
}
