internal import Basics
internal import Metering
internal import Model
internal import Store

/// What the key that sent events allows.
enum EventSender {
    case secret
    /// Browsers: no corrections and no clock of their own.
    case publishable
    /// Events are stored for the record, but do not count.
    case readonly

    init(_ key: APIKey) {
        self = key.readonly ? .readonly : key.kind == .secret ? .secret : .publishable
    }
}

/// A batch of events on its way through: resolved, then, inside the gate, judged, counted and enqueued.
struct TrackBatch: ~Copyable {
    /// A usable event, with everything looked up. Its texts stay where they came.
    struct Draft {
        let index: Int
        let type: EventType
        let isTrusted: Bool
        let isBackfill: Bool
        /// Nil for an event without a key.
        let fingerprint: DedupeWindow.Fingerprint?
        let company: UInt64
        let user: UInt64
        let meter: UInt64
        let quantity: Int64
        let effective: Timestamp
        /// Its part of what the batch adds to derived meters.
        var derived = 0..<0

        /// Its sender names the effective time.
        var isTimed: Bool { isTrusted || isBackfill }

        /// A fraction of a unit is none of its name's, and yet adds to derived meters.
        var isCounted: Bool { company != 0 && meter != 0 && (quantity != 0 || !derived.isEmpty) }

        var use: CounterShards.Use {
            CounterShards.Use(
                quantity, of: CounterKey(company: company, meter: meter), effective: effective, isBackfill: isBackfill,
                derived: derived)
        }

        /// What a key stands for, in 16 bits: enough to notice other content, not to tell contents apart.
        var content: UInt16 {
            contentCheck(company, user, meter, quantity, isTimed ? effective.milliseconds : 0)
        }
    }

    let engine: Engine
    let runtime: EnvironmentRuntime
    let now: Timestamp
    /// When events count that do not say.
    let useTime: Timestamp
    let settled: Timestamp
    let sender: EventSender
    var meters: MeterMemo
    var drafts: [Draft] = []
    /// What the drafts add to derived meters, one draft after another.
    var derived: [DerivedUse] = []
    var answer: TrackAnswer
    var block: EventBlock
    /// Judged new, and durable with the block.
    var keys: [DedupeWindow.Fingerprint] = []
    /// The holds that events settle, by the events' indices: hardly ever any.
    var holds: [Int: UInt64] = [:]
    /// Whether one of them is of a trait, and to be counted alone.
    var changesTraits = false

    init(_ engine: Engine, _ runtime: EnvironmentRuntime, sender: EventSender, count: Int) {
        self.engine = engine
        self.runtime = runtime
        self.sender = sender
        meters = MeterMemo(runtime.catalog, hash: engine.store.secret)
        now = engine.now(in: runtime.id)
        useTime = engine.useTime(now, in: runtime.id)
        settled = engine.settled(now, in: runtime.id)
        drafts.reserveCapacity(count)
        keys.reserveCapacity(count)
        answer = TrackAnswer(count: count, at: now)
        block = EventBlock(in: runtime.id, received: now, capacity: count * 64)
    }

    // MARK: - Enqueue (inside the gate)

    mutating func enqueue(_ ticket: CommitTicket) -> TrackAnswer {
        runtime.dedupe.note(keys, commit: engine.committer.currentCommit)
        if block.count > 0 {
            answer.sequence = engine.enqueue(block, ticket)
        } else {
            // Duplicates are told only when what they repeat is durable.
            engine.committer.join(ticket)
        }
        answer.rejected.sort { $0.index < $1.index }
        return answer
    }
}

/// 16 bits that change when any of the numbers does.
func contentCheck(_ numbers: UInt64, _ user: UInt64, _ meter: UInt64, _ quantity: Int64, _ time: Int64) -> UInt16 {
    var mixed = numbers
    func mix(_ number: UInt64) {
        mixed = (mixed ^ number) &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed >> 29
    }
    mix(user)
    mix(meter)
    mix(UInt64(bitPattern: quantity))
    mix(UInt64(bitPattern: time))
    return UInt16(truncatingIfNeeded: mixed >> 48)
}
