internal import Basics
internal import Dispatch
internal import Logging
internal import Model
internal import NIOCore
internal import NIOWebSocket
internal import Tollgate

/// All open streams of a server: who asked for what, what each was told, and what each is to be told now.
///
/// It works in rounds. A round takes what has changed and what clients asked, looks at the present state, compares it
/// with what was told before, and writes each message once, whoever it goes to. When all that was seen is durable, the
/// messages are handed to the event loops. What happens in the meantime waits for the next round, so that a company
/// that is busy costs one message a round; a round that takes long is followed by a rest as long as itself.
///
/// - Note: Everything mutable is reached on `queue` only, which makes this `Sendable`.
final class StreamHub: @unchecked Sendable {
    /// Rounds begin this far apart, at least.
    private static let pause = DispatchTimeInterval.milliseconds(5)
    /// What a message costs the event loops and the kernel, in nanoseconds, roughly: after a round the hub rests for as
    /// long as that and the round itself took, up to the longest rest, so that it leaves room for all other work.
    private static let messageCost: UInt64 = 25_000
    private static let longestRest: UInt64 = 40_000_000
    /// Clients who are told something at a time.
    private static let slice = 128
    /// When the store could not be read or written.
    private static let retry = DispatchTimeInterval.seconds(1)

    let engine: Engine
    let statistics = Locked(StreamStatistics())
    private let logger: Logger
    private let queue = DispatchQueue(label: "tollgate.streams", qos: .userInitiated)

    private var arrivals: [Arrival] = []
    private var isRoundDue = false
    private var earliestRound = DispatchTime(uptimeNanoseconds: 0)
    /// Messages of the present round.
    private var handed: UInt64 = 0
    /// The round that is due because of time alone.
    private var alarm: DispatchWorkItem?
    /// What a round that failed was to tell.
    private var isOwedEverything = false

    var conversations: [StreamSession: Conversation] = [:]
    /// Those who are owed an answer.
    var waiting: Set<StreamSession> = []
    var companies: [Identifier<Company>: FollowedCompany] = [:]
    var users: [Identifier<User>: FollowedUser] = [:]
    var environments: [EnvironmentID: FollowedEnvironment] = [:]
    var memory: StreamMemory

    private enum Arrival {
        case opened(StreamSession)
        case message(ByteBuffer, StreamSession)
        case closed(StreamSession)
    }

    /// - Parameter memoryPath: where what clients had asked for is kept for the time after a restart.
    init(_ engine: Engine, memoryPath: String?, _ logger: Logger) {
        self.engine = engine
        self.logger = logger
        memory = StreamMemory(path: memoryPath)
        engine.changes.follow { [weak self] in
            guard let self else { return }
            queue.async { self.schedule() }
        }
    }

    // MARK: - From the sockets, on any thread

    func opened(_ session: StreamSession) { arrive(.opened(session)) }
    func received(_ message: ByteBuffer, from session: StreamSession) { arrive(.message(message, session)) }
    func closed(_ session: StreamSession) { arrive(.closed(session)) }

    private func arrive(_ arrival: Arrival) {
        queue.async {
            self.arrivals.append(arrival)
            self.schedule()
        }
    }

    // MARK: - Rounds

    private func schedule() {
        guard !isRoundDue else { return }
        isRoundDue = true
        queue.asyncAfter(deadline: max(.now(), earliestRound)) { self.round() }
    }

    private func round() {
        let began = DispatchTime.now()
        isRoundDue = false
        handed = 0
        var round = StreamRound(since: engine.failures)
        do {
            handleArrivals()
            var changes = engine.changes.take()
            changes.isEverything = changes.isEverything || isOwedEverything
            isOwedEverything = false
            if changes.hasOtherKeys { closeRevoked() }
            try tell(changes, &round)
            try answerAll(&round)
            hand(round)
            let took = DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds
            let rest = min(took + handed * Self.messageCost, Self.longestRest)
            earliestRound = max(began + Self.pause, .now() + .nanoseconds(Int(rest)))
            setAlarm()
            if !waiting.isEmpty { schedule() }
        } catch {
            logger.error("what streams are to be told cannot be read: \(error)")
            for (session, count) in round.answered { session.answered(count) }
            beginAnew()
        }
        memory.flush(
            Dictionary(grouping: conversations.filter { $0.key.kind == .server }, by: \.key.origin)
                .mapValues { Set($0.flatMap(\.value.entities)) })
        statistics.withLock { statistics in
            statistics.companies = companies.count
            statistics.users = users.count
        }
    }

    /// Hands out what there is, when it is much, so that it is on its way while the rest is written.
    func handSlice(_ round: inout StreamRound) {
        guard round.messages.count >= Self.slice else { return }
        hand(round)
        round = StreamRound(since: round.failures)
    }

    /// Hands the messages to the event loops once all that they tell is durable.
    private func hand(_ round: StreamRound) {
        guard !round.messages.isEmpty || !round.answered.isEmpty else { return }
        for (session, count) in round.answered { session.answered(count) }
        let loops = Dictionary(grouping: round.messages) { ObjectIdentifier($0.key.loop) }.values
        engine.whenDurable(since: round.failures) { isDurable in
            guard isDurable else { return self.queue.async { self.beginAnew() } }
            for messages in loops {
                messages[0].key.loop.execute {
                    for (session, frames) in messages { session.send(frames) }
                }
            }
        }
        let count = UInt64(round.messages.values.reduce(0) { $0 + $1.count })
        handed += count
        statistics.withLock { $0.messages += count }
    }

    /// What was told may be wrong: everybody gets everything again, a moment later.
    private func beginAnew() {
        isOwedEverything = true
        earliestRound = .now() + Self.retry
        schedule()
    }

    /// Makes a round due when something changes by itself.
    private func setAlarm() {
        alarm?.cancel()
        let waits = environments.compactMap { id, environment -> Int64? in
            guard let next = environment.changesAt, engine.environment(id)?.testClock == nil else { return nil }
            return next.milliseconds - engine.now(in: id).milliseconds
        }
        guard let wait = waits.min() else { return }
        let alarm = DispatchWorkItem { [weak self] in self?.schedule() }
        self.alarm = alarm
        // Clocks are set now and then, so nothing is slept through for long.
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(min(max(wait, 1), 60_000))), execute: alarm)
    }

    // MARK: - Coming and going

    private func handleArrivals() {
        for arrival in arrivals {
            switch arrival {
            case .opened(let session): open(session)
            case .message(let message, let session):
                conversations[session]?.messages.append(message)
                waiting.insert(session)
            case .closed(let session): close(session)
            }
        }
        arrivals.removeAll()
    }

    private func open(_ session: StreamSession) {
        let conversation = Conversation()
        if session.kind == .server { conversation.resync = memory.entities(of: session.origin, at: .now()) }
        conversations[session] = conversation
        statistics.withLock { $0.open[session.kind, default: 0] += 1 }
    }

    private func close(_ session: StreamSession) {
        guard let conversation = conversations[session] else { return }
        if session.kind == .server {
            memory.keep(conversation.entities + conversation.resync, of: session.origin, at: .now())
        }
        stopAll(session, conversation)
        conversations[session] = nil
        waiting.remove(session)
        statistics.withLock { $0.open[session.kind, default: 0] -= 1 }
    }

    private func closeRevoked() {
        for session in conversations.keys where !engine.isInForce(session.key) {
            session.close(.badKey, "this API key was revoked")
        }
    }

    func dropped(_ reason: StreamStatistics.Drop) {
        statistics.withLock { $0.drops[reason, default: 0] += 1 }
    }
}

/// What one round has to say.
struct StreamRound: Sendable {
    /// How many commits had failed when it began to look.
    let failures: UInt64
    private(set) var messages: [StreamSession: [ByteBuffer]] = [:]
    private(set) var bytes: [StreamSession: Int] = [:]
    private(set) var total = 0
    /// Companies that somebody asked for in this round, as they are told to everybody who does.
    var fullCompanies: [Identifier<Company>: ByteBuffer] = [:]
    /// How many messages of each client were answered.
    var answered: [StreamSession: Int] = [:]

    init(since failures: UInt64) {
        self.failures = failures
    }

    mutating func tell(_ session: StreamSession, _ message: ByteBuffer) {
        messages[session, default: []].append(message)
        bytes[session, default: 0] += message.readableBytes
        total += message.readableBytes
    }

    mutating func tell(_ sessions: Set<StreamSession>, _ message: ByteBuffer) {
        for session in sessions { tell(session, message) }
    }
}

/// What one client has asked for.
final class Conversation {
    /// Messages of the client that wait for their turn.
    var messages = CircularBuffer<ByteBuffer>()
    /// What it is to be told in full because an earlier connection had asked for it.
    var resync: [StreamedEntity] = []
    var companies: Set<Identifier<Company>> = []
    var users: Set<Identifier<User>> = []
    var context: StreamContext?

    /// Whether it has asked for something, which SDKs do at once; what nobody asked for comes after that.
    var hasBegun = false

    var isWaiting: Bool { !messages.isEmpty || hasBegun && !resync.isEmpty }

    var entities: [StreamedEntity] { companies.map(StreamedEntity.company) + users.map(StreamedEntity.user) }
}

/// What `/metrics` shows of streams.
struct StreamStatistics {
    enum Drop: String, CaseIterable {
        /// It let too much pile up.
        case backlog
        /// It did not answer.
        case silence
    }

    var open: [StreamKind: Int] = [:]
    var companies = 0
    var users = 0
    var messages: UInt64 = 0
    var drops: [Drop: UInt64] = [:]
}
