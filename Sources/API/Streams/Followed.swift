internal import Basics
internal import Model
internal import Tollgate

/// A company that clients follow, and what they were told of it last: as hashes, so that it costs little memory
/// however large it is. Hashes of 64 bits that nobody outside can aim at.
final class FollowedCompany {
    struct Told {
        let keys: [String: String]
        let createdAt: Timestamp
        let identity: Int
        let rules: Int
        var traits: Int
        var entitlements: Int
        var metrics: [CompanyUse.Metric]
    }

    let environment: EnvironmentID
    var sessions: Set<StreamSession> = []
    /// Whose answers depend on the company.
    var contexts: Set<StreamContext> = []
    /// Nil when nobody was told anything, or what they were told may have been wrong.
    var told: Told?
    var changesAt: Timestamp?

    init(_ environment: EnvironmentID) {
        self.environment = environment
    }

    var isIdle: Bool { sessions.isEmpty && contexts.isEmpty }

    /// The company is gone.
    func forget() {
        sessions = []
        told = nil
        changesAt = nil
    }
}

final class FollowedUser {
    let environment: EnvironmentID
    var sessions: Set<StreamSession> = []
    var contexts: Set<StreamContext> = []
    var told: (keys: [String: String], hash: Int)?

    init(_ environment: EnvironmentID) {
        self.environment = environment
    }

    var isIdle: Bool { sessions.isEmpty && contexts.isEmpty }
}

/// What clients follow of an environment as a whole.
final class FollowedEnvironment {
    /// Those of all flags.
    var flagSessions: Set<StreamSession> = []
    /// Those of single ones, by key.
    var singleFlagSessions: [String: Set<StreamSession>] = [:]
    /// What was told of each flag, by key; nil when nothing was, or it may have been wrong.
    var toldFlags: [String: (id: Identifier<Flag>, hash: Int)]?
    /// Replicators.
    var companySessions: Set<StreamSession> = []
    var userSessions: Set<StreamSession> = []
    var contexts: [StreamContext: FollowedContext] = [:]
    /// When the first of the companies changes by itself, or earlier.
    var changesAt: Timestamp?

    func changes(at time: Timestamp?) {
        guard let time else { return }
        changesAt = min(changesAt ?? time, time)
    }
}

/// Who a browser asks about.
struct StreamContext: Hashable {
    let environment: EnvironmentID
    let company: [String: String]?
    let user: [String: String]?
}

/// The answers for a company and user, and what browsers were told of them last.
final class FollowedContext {
    var sessions: Set<StreamSession> = []
    /// Who the keys named last.
    var company: Identifier<Company>?
    var user: Identifier<User>?
    /// Hashes of the answers by flag; nil when nobody was told anything, or it may have been wrong.
    var told: [String: Int]?
    var toldPlan: Int?
}
