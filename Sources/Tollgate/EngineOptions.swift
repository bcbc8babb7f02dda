public import Basics
internal import Glibc
internal import Metering
public import Model
package import Store

/// What an engine is opened with.
public struct EngineOptions: Sendable {
    /// The real time. Environments with a test clock do not ask it.
    public var clock: @Sendable () -> Timestamp = { .systemClock() }
    /// Reads the body of an `identify` event; nil where JSON is not read, and such events are refused.
    public var decodeIdentify: (@Sendable (UnsafeBufferPointer<UInt8>) throws -> Identification)?
    /// Reads the flag's key in the body of a `flag_check` event; nil where JSON is not read.
    public var decodeFlagCheck: (@Sendable (UnsafeBufferPointer<UInt8>) -> String?)?
    /// For how long after its receipt an idempotency key counts, of events and consumes: more than nothing, at most 35
    /// days. It may be another at each opening: the journal is read back as far as the window reaches.
    public var dedupeWindow = TimeSpan.hours(24)
    /// Bytes of memory that the idempotency keys of all environments may take, at up to 24 each; past them keys go to
    /// unnamed files in the data directory, and are as exact there.
    public var dedupeMemory = 2 << 30
    /// False only for throwaway stores: commits are not synced.
    public var isDurable = true
    /// Bytes of the journal after which all of the usage table has been brought up to date, a part at a time: so many
    /// are counted again, at most, when a store is opened.
    public var journalTailBytes = CounterShards.tailBytes
    /// Address space for the store's file, which grows by itself when the file does not fit any more.
    public var mapBytes = Store.mapBytes
    /// How many periods or drafts that fall due at one instant are carried out in one step: some milliseconds for which
    /// everybody else waits.
    package var closesTogether = 256
    /// Nil but in simulations.
    package var commitProbe: CommitProbe?

    public init() {}
}

extension Timestamp {
    /// The system's clock: read here, and nowhere below.
    fileprivate static func systemClock() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// Who a user is, and of which company: the body of an `identify` event.
public struct Identification: Sendable {
    public struct Entity: Sendable {
        public var keys: [String: String]
        public var name: String?
        public var traits: [String: TraitValue]

        public init(keys: [String: String], name: String? = nil, traits: [String: TraitValue] = [:]) {
            self.keys = keys
            self.name = name
            self.traits = traits
        }
    }

    public var user: Entity
    public var company: Entity?

    public init(user: Entity, company: Entity? = nil) {
        self.user = user
        self.company = company
    }
}
