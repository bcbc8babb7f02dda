internal import Basics
internal import Entitlements
internal import Model
internal import NIOCore
internal import Tollgate

/// Browsers: the answers for a company and a user, the same as those of `/flags/check`.
extension StreamHub {
    /// Tells the session all answers, and what changes of them from now on.
    func enter(_ context: StreamContext, _ session: StreamSession, _ round: inout StreamRound) throws {
        let environment = followedEnvironment(context.environment)
        let followed: FollowedContext
        if let known = environment.contexts[context] {
            followed = known
        } else {
            followed = FollowedContext()
            environment.contexts[context] = followed
            try name(context, followed)
        }
        followed.sessions.insert(session)
        let answers = try answers(for: context)
        if followed.told == nil { followed.told(answers) }
        round.tell(session, answers.message)
    }

    func leave(_ context: StreamContext, _ session: StreamSession) {
        guard let followed = environments[context.environment]?.contexts[context] else { return }
        followed.sessions.remove(session)
        guard followed.sessions.isEmpty else { return }
        environments[context.environment]?.contexts[context] = nil
        unname(context, followed)
    }

    /// Tells what is another answer than before.
    func tellContext(_ context: StreamContext, _ round: inout StreamRound) throws {
        guard let followed = environments[context.environment]?.contexts[context] else { return }
        var answers: StreamAnswers
        do {
            answers = try self.answers(for: context)
        } catch let refusal as Refusal {
            followed.told = nil
            return round.tell(followed.sessions, .of(refusal))
        }
        let (told, toldPlan) = (followed.told ?? [:], followed.told == nil ? nil : followed.toldPlan)
        followed.told(answers)
        answers.flags.removeAll { told[$0.key] == $0.json.hash }
        if toldPlan == answers.plan?.hash { answers.plan = nil }
        guard !answers.flags.isEmpty || answers.plan != nil else { return }
        round.tell(followed.sessions, answers.message)
    }

    /// The contexts whose keys name other companies or users than before.
    func renamed(_ environment: FollowedEnvironment) throws -> Set<StreamContext> {
        var renamed: Set<StreamContext> = []
        for (context, followed) in environment.contexts {
            let (company, user) = (followed.company, followed.user)
            try name(context, followed)
            if company != followed.company || user != followed.user { renamed.insert(context) }
        }
        return renamed
    }

    /// Finds out whom the keys name. Keys that name two name nobody, and the answers say so.
    private func name(_ context: StreamContext, _ followed: FollowedContext) throws {
        unname(context, followed)
        followed.company = try context.company.flatMap { keys in
            try refusedAsNil { try engine.companyID(keys, in: context.environment) }
        }
        followed.user = try context.user.flatMap { keys in
            try refusedAsNil { try engine.userID(keys, in: context.environment) }
        }
        if let id = followed.company {
            let company = followedCompany(id, in: context.environment)
            company.contexts.insert(context)
            company.changesAt = try engine.use(of: id, in: context.environment)?.changesAt
            environments[context.environment]?.changes(at: company.changesAt)
        }
        if let id = followed.user { followedUser(id, in: context.environment).contexts.insert(context) }
    }

    private func unname(_ context: StreamContext, _ followed: FollowedContext) {
        if let id = followed.company {
            companies[id]?.contexts.remove(context)
            dropIfIdle(id)
        }
        if let id = followed.user {
            users[id]?.contexts.remove(context)
            dropIfIdle(id)
        }
        (followed.company, followed.user) = (nil, nil)
    }

    private func refusedAsNil<Found>(_ find: () throws -> Found?) throws -> Found? {
        do {
            return try find()
        } catch is Refusal {
            return nil
        }
    }

    private func answers(for context: StreamContext) throws -> StreamAnswers {
        let checks = try engine.checkAll(company: context.company, user: context.user, in: context.environment)
        let company = try context.company.flatMap { try engine.companyID($0, in: context.environment) }
        return StreamAnswers(
            checks: checks, plan: try company.flatMap { try engine.plan(of: $0, in: context.environment) })
    }
}

/// The answers of all flags for one context, each written already.
private struct StreamAnswers {
    var flags: [(key: String, json: EncodedJSON)]
    var plan: EncodedJSON?

    init(checks: [FlagCheck], plan: Plan?) {
        flags = checks.map { ($0.flag.key, EncodedJSON(CheckFlagResponseData(check: $0))) }
        self.plan = plan.map { EncodedJSON(PreviewObject(id: $0.id.description, name: $0.name)) }
    }

    var message: ByteBuffer {
        var json = JSONWriter(capacity: 4096)
        json.object { json in
            json.field("flags", flags.map(\.json))
            if let plan { json.field("plan", plan) }
        }
        return StreamFrame.text(json)
    }
}

extension FollowedContext {
    fileprivate func told(_ answers: StreamAnswers) {
        told = Dictionary(answers.flags.map { ($0.key, $0.json.hash) }) { _, last in last }
        toldPlan = answers.plan?.hash
    }
}

extension ByteBuffer {
    /// What a browser is told when its question cannot be answered.
    static func of(_ refusal: Refusal) -> ByteBuffer {
        var json = JSONWriter()
        json.object { $0.field("error", refusal.message) }
        return StreamFrame.text(json)
    }
}
