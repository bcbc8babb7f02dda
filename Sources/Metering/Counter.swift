package import Basics
package import Model

/// Which counter: one company's use of one meter. Holds of a trait have one, too, in which nothing is counted.
package struct CounterKey: Hashable, Comparable, Sendable {
    /// A meter with this bit counts the backfilled part of the meter without it: used, but never billed.
    package static let backfillBit: UInt64 = 1 << 63
    /// A meter with this bit stands for a trait.
    private static let traitBit: UInt64 = 1 << 62

    package let company: UInt64
    package let meter: UInt64

    /// As the store's keys have them.
    package init(company: UInt64, meter: UInt64) {
        self.company = company
        self.meter = meter
    }

    package init(company: Identifier<Company>, meter: Identifier<Meter>, backfill: Bool = false) {
        self.company = company.ordinal
        self.meter = backfill ? meter.ordinal | Self.backfillBit : meter.ordinal
    }

    package init(company: Identifier<Company>, target: HoldTarget) {
        switch target {
        case .meter(let meter): self.init(company: company, meter: meter)
        case .trait(let trait): self.init(company: company.ordinal, meter: trait.ordinal | Self.traitBit)
        }
    }

    /// The counter of the backfilled part of this one.
    package var backfill: CounterKey { CounterKey(company: company, meter: meter | Self.backfillBit) }

    package static func < (left: CounterKey, right: CounterKey) -> Bool {
        (left.company, left.meter) < (right.company, right.meter)
    }
}

/// The usage of one company and meter, as far as memory holds it: what it gained since its shard was folded, and, once
/// somebody asked, its totals and the sums of some windows. All but the gains can be read again from the store.
///
/// The store keeps *buckets*: a bucket holds the quantities whose effective time lies between its start and the next
/// bucket's. A bucket begins at a full hour, at a boundary of the company's subscription, or, for an event ahead of its
/// receipt, at the very millisecond. So every window that anybody asks for is a sum of whole buckets, to the
/// millisecond.
struct Counter {
    /// What one fold will add to one bucket.
    struct Gain {
        var start = Timestamp(milliseconds: 0)
        /// The fold that takes it; 0 when there is none.
        var generation: UInt64 = 0
        var sum: Int64 = 0
        var volume: Int64 = 0
    }

    private struct Window {
        var start = Timestamp(milliseconds: 0)
        /// At the start of the window when there is none.
        var end = Timestamp(milliseconds: 0)
        var sum: Int64 = 0

        func contains(_ instant: Timestamp) -> Bool { start <= instant && instant < end }
    }

    /// Below every real bucket the store keeps the two totals of a counter, in the form of buckets.
    static let totalStart = Timestamp(milliseconds: .min)
    static let volumeStart = Timestamp(milliseconds: .min + 1)
    /// The largest volume: no sum of any part can overflow, with as much again to spare for what is counted before the
    /// totals are known.
    static let volumeLimit: Int64 = 1 << 62
    /// The largest volume that is counted without knowing the totals: far below the spare room, however often a counter
    /// leaves memory and returns.
    private static let unloadedLimit: Int64 = 1 << 40

    let key: CounterKey
    /// The window that was last read from the store: beside the key, as checks ask for nothing else.
    private var lastWindow = Window()
    /// Up to three others.
    private var otherWindows: [Window] = []
    /// Σ quantities: of all time once the totals are loaded, else of the gains.
    private(set) var total: Int64 = 0
    /// Σ |quantities|, likewise.
    private(set) var volume: Int64 = 0
    private(set) var isLoaded = false
    /// The latest effective time of an event that does not begin its bucket: no boundary can be made up to then.
    private(set) var latest = Timestamp(milliseconds: .min)
    private var newest = Gain()
    private var older: [Gain] = []
    /// Between these two instants the company's periods have no boundary. Empty: not known.
    private var uncutStart = Timestamp(milliseconds: .max)
    private var uncutEnd = Timestamp(milliseconds: .min)

    init(_ key: CounterKey) {
        self.key = key
    }

    // MARK: - Buckets

    /// The bucket of an event that is not ahead of its receipt, where no boundary cuts the hour.
    static func hourStart(of instant: Timestamp) -> Timestamp {
        let hour: Int64 = 3_600_000
        let time = instant.milliseconds
        let rest = time % hour
        return Timestamp(milliseconds: time &- (rest < 0 ? rest + hour : rest))
    }

    func knowsCuts(around instant: Timestamp) -> Bool { uncutStart <= instant && instant < uncutEnd }

    mutating func remember(uncut: Period) {
        uncutStart = uncut.start
        uncutEnd = uncut.end
    }

    mutating func forgetCuts() {
        uncutStart = Timestamp(milliseconds: .max)
        uncutEnd = Timestamp(milliseconds: .min)
    }

    /// Where the bucket of an event begins; the cuts around it must be known.
    ///
    /// An event later than its receipt must stand alone, because a boundary may still be made at or before its time;
    /// for all others every boundary up to their time is known.
    func bucketStart(effective: Timestamp, received: Timestamp) -> Timestamp {
        effective > received ? effective : max(Self.hourStart(of: effective), uncutStart)
    }

    // MARK: - Counting

    /// Whether the quantity surely fits. When it does not and the totals are not loaded, load them and ask again.
    func hasRoom(for quantity: Int64) -> Bool {
        guard quantity != .min else { return false }
        let (grown, overflow) = volume.addingReportingOverflow(abs(quantity))
        return !overflow && grown <= (isLoaded ? Self.volumeLimit : Self.unloadedLimit)
    }

    /// Whether a fold has nothing to take.
    func isClean(in generation: UInt64) -> Bool { newest.generation != generation }

    /// Counts a quantity for which there is room.
    mutating func add(_ quantity: Int64, effective: Timestamp, start: Timestamp, generation: UInt64) {
        volume += abs(quantity)
        total += quantity
        if start < effective { latest = max(latest, effective) }
        if lastWindow.contains(effective) { lastWindow.sum += quantity }
        for index in otherWindows.indices where otherWindows[index].contains(effective) {
            otherWindows[index].sum += quantity
        }
        if newest.start == start, newest.generation == generation {
            newest.sum += quantity
            newest.volume += abs(quantity)
            return
        }
        let gain = Gain(start: start, generation: generation, sum: quantity, volume: abs(quantity))
        // Late and timely events often take turns; beyond a few buckets the fold adds up what stands here twice.
        if let place = older.lastIndex(where: { $0.start == start && $0.generation == generation }, within: 4) {
            older[place].sum += quantity
            older[place].volume += abs(quantity)
        } else {
            if newest.generation != 0 { older.append(newest) }
            newest = gain
        }
    }

    // MARK: - Sums

    /// Takes up the totals as the store has them, folded up to `generation`.
    mutating func load(total: Int64, volume: Int64, generation: UInt64) {
        self.total = total
        self.volume = volume
        forEachGain(after: generation) { gain in
            self.total += gain.sum
            self.volume += gain.volume
        }
        isLoaded = true
    }

    /// The remembered sum of a window; nil when it must be read from the store.
    func sum(of window: UsageWindow) -> Int64? {
        guard let start = window.start, let end = window.end else { return isLoaded ? total : nil }
        if lastWindow.start == start, lastWindow.end == end { return lastWindow.sum }
        return otherWindows.first { $0.start == start && $0.end == end }?.sum
    }

    /// Remembers a window that was summed from the store. At most four; of the others the one that ended first makes
    /// room.
    mutating func remember(_ sum: Int64, start: Timestamp, end: Timestamp) {
        if lastWindow.start < lastWindow.end { otherWindows.append(lastWindow) }
        lastWindow = Window(start: start, end: end, sum: sum)
        guard otherWindows.count > 3 else { return }
        otherWindows.remove(at: otherWindows.indices.min { otherWindows[$0].end < otherWindows[$1].end }!)
    }

    // MARK: - Folding

    /// Visits what a store folded up to `generation` lacks.
    func forEachGain(after generation: UInt64, _ body: (Gain) -> Void) {
        for gain in older where gain.generation > generation { body(gain) }
        if newest.generation > generation { body(newest) }
    }

    /// Whether anything of it is in no fold yet.
    var hasGains: Bool { newest.generation != 0 || !older.isEmpty }

    mutating func folded(_ generation: UInt64) {
        if !older.isEmpty { older.removeAll { $0.generation <= generation } }
        if newest.generation <= generation { newest = Gain() }
    }
}

extension [Counter.Gain] {
    /// The last index among the last `reach` for which the condition holds.
    fileprivate func lastIndex(where isWanted: (Element) -> Bool, within reach: Int) -> Int? {
        guard !isEmpty else { return nil }
        return indices.suffix(reach).last { isWanted(self[$0]) }
    }
}
