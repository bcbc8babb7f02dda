internal import Basics
internal import CPrefetch
internal import Model

/// One shard of a dedupe window: open addressing with linear probing, 16 bytes a slot.
///
/// A table is rebuilt when 85 % of it are taken, and then has room for a quarter more than what is still in the window:
/// from 512 keys on that is at most 23.6 bytes a key. It is also rebuilt when it has been used for half a window to a
/// whole one, so that it does not stay large for what has left. Not thread-safe: its shard's lock guards it.
struct DedupeTable {
    private struct Slot {
        var high: UInt64 = 0
        /// Milliseconds of receipt since the table's base, at least 1: 0 is a slot that holds no key.
        var time: UInt32 = 0
        var low: UInt16 = 0
        var content: UInt16 = 0

        /// The same in a table whose base is so much earlier.
        func moved(later: Int64) -> Slot {
            Slot(high: high, time: UInt32(clamping: Int64(time) + later), low: low, content: content)
        }
    }

    /// Times up to this much before the window's beginning can be written down: the clock may be turned back.
    private static let slack: Int64 = 86_400_000
    /// No table is kept longer, so that times fit: 35 days of window, the slack and this are less than 2³² ms.
    private static let longestUse: Int64 = 12 * 86_400_000

    private let window: Int64
    private let memory: DedupeMemory
    /// How long the table is used before it is rebuilt anyway: different in each shard, so that not all are rebuilt at
    /// once.
    private let use: Int64

    private(set) var used = 0
    private var run: DedupeMemory.Run?
    private var slots: UnsafeMutablePointer<Slot>
    private var slotCount = 0
    /// The most keys that it may hold.
    private var room = 0
    private var base: Int64 = 0
    private var due: Int64 = .min

    /// - Parameter share: 0 to 1, the shard's place among all.
    init(window: TimeSpan, _ memory: DedupeMemory, share: Double) {
        self.window = window.milliseconds
        self.memory = memory
        use = Int64(Double(min(self.window, Self.longestUse)) * (1 + share) / 2)
        slots = UnsafeMutablePointer(bitPattern: MemoryLayout<Slot>.alignment)!
    }

    var byteCount: Int { run?.byteCount ?? 0 }

    // MARK: - Keys

    /// Asks for the cache line where the search for a key begins.
    @inline(__always)
    func prefetch(_ key: DedupeWindow.Fingerprint) {
        prefetch_line(UInt(bitPattern: slots + start(key.high)))
    }

    /// Makes room for so many keys at once, where there is less: without it the table would be rebuilt again and again
    /// while they come. When there is no memory for it, that is what happens.
    mutating func reserve(_ keys: Int, at now: Int64) {
        if room < keys { try? rebuild(at: now, for: keys) }
    }

    mutating func judge(
        _ key: DedupeWindow.Fingerprint, _ content: UInt16, at now: Int64
    ) throws(Refusal) -> DedupeWindow.Verdict {
        var place = find(key)
        if place.isTaken, !hasLeft(slots[place.index], now) {
            return slots[place.index].content == content ? .duplicate : .conflict
        }
        if try makeReady(for: now, isTaken: place.isTaken) { place = find(key) }
        put(key, content, at: now, place)
        return .new
    }

    /// Writes down a key that was received earlier. Of two receipts the later one counts, in whatever order they come.
    mutating func restore(
        _ key: DedupeWindow.Fingerprint, _ content: UInt16, receivedAt: Int64, at now: Int64
    ) throws(Refusal) {
        guard now - receivedAt < window else { return }
        var place = find(key)
        if place.isTaken, receivedAt <= time(of: slots[place.index]) { return }
        if try makeReady(for: now, isTaken: place.isTaken) { place = find(key) }
        put(key, content, at: receivedAt, place)
    }

    func holds(_ key: DedupeWindow.Fingerprint, at now: Int64) -> Bool {
        let place = find(key)
        return place.isTaken && !hasLeft(slots[place.index], now)
    }

    /// Takes a key out, and moves those behind it up that its slot was in the way of: no search ends too early.
    mutating func forget(_ key: DedupeWindow.Fingerprint) {
        let place = find(key)
        guard place.isTaken else { return }
        var hole = place.index
        var next = after(hole)
        while slots[next].time != 0 {
            if distance(from: start(slots[next].high), to: next) >= distance(from: hole, to: next) {
                slots[hole] = slots[next]
                hole = next
            }
            next = after(next)
        }
        slots[hole] = Slot()
        used -= 1
    }

    mutating func forgetAll() {
        used = 0
        room = 0
        slotCount = 0
        due = .min
        run = nil
    }

    // MARK: - Slots

    private func start(_ high: UInt64) -> Int {
        Int(truncatingIfNeeded: high.multipliedFullWidth(by: UInt64(slotCount)).high)
    }

    private func after(_ index: Int) -> Int { index + 1 == slotCount ? 0 : index + 1 }

    private func distance(from: Int, to: Int) -> Int { to >= from ? to - from : to - from + slotCount }

    private func time(of slot: Slot) -> Int64 { base + Int64(slot.time) }

    private func hasLeft(_ slot: Slot, _ now: Int64) -> Bool { now - time(of: slot) >= window }

    /// The key's slot, or the free one where it would go.
    private func find(_ key: DedupeWindow.Fingerprint) -> (index: Int, isTaken: Bool) {
        guard slotCount > 0 else { return (0, false) }
        var index = start(key.high)
        while slots[index].time != 0 {
            if slots[index].high == key.high, slots[index].low == key.low { return (index, true) }
            index = after(index)
        }
        return (index, false)
    }

    private mutating func put(
        _ key: DedupeWindow.Fingerprint, _ content: UInt16, at time: Int64, _ place: (index: Int, isTaken: Bool)
    ) {
        slots[place.index] = Slot(high: key.high, time: stamp(time), low: key.low, content: content)
        if !place.isTaken { used += 1 }
    }

    /// A time that is too far in the future for the slot (the clock was turned back by two weeks) becomes the last one
    /// that fits: the key is still held for longer than a window.
    private func stamp(_ time: Int64) -> UInt32 { UInt32(clamping: max(time - base, 1)) }

    // MARK: - Rebuilding

    /// Rebuilds the table when there is no room for one more, when `now` cannot be written down, and when it is time to
    /// give back what has left the window. Answers whether the slots have moved.
    private mutating func makeReady(for now: Int64, isTaken: Bool) throws(Refusal) -> Bool {
        if used < room || isTaken, base < now, now < due { return false }
        do {
            try rebuild(at: now)
            return true
        } catch {
            // Without room for another table the present one will do, if it has a slot.
            if used < room || isTaken, base < now, now - base <= Int64(UInt32.max) { return false }
            throw error
        }
    }

    /// - Parameter keys: for how many there is to be room at least, and a quarter more.
    private mutating func rebuild(at now: Int64, for keys: Int = 0) throws(Refusal) {
        let old = UnsafeMutableBufferPointer(start: slots, count: slotCount)
        let oldBase = base
        // Slots whose time is at most this have left the window; those without a key are among them.
        let left = UInt32(clamping: now - window - oldBase)
        var live = 0
        for slot in old where slot.time > left { live += 1 }
        let count = Self.slotCount(for: max(keys, live + 1))
        let oldRun = run
        let growsInPlace = count > slotCount && run?.grow(to: count * MemoryLayout<Slot>.stride) == true
        if !growsInPlace {
            let newRun = try memory.run(byteCount: count * MemoryLayout<Slot>.stride)
            run = newRun
            slots = newRun.start.bindMemory(to: Slot.self, capacity: count)
        }
        slotCount = count
        room = count / 20 * 17
        base = now - window - Self.slack
        due = now + max(use, 1)
        used = live
        let later = oldBase - base
        if growsInPlace {
            spread(old, left: left, later: later)
        } else {
            for slot in old where slot.time > left { place(slot, later: later) }
        }
        withExtendedLifetime(oldRun) {}
    }

    /// Moves what stands in the first part of the table to where it belongs in the whole, beginning with the last: it
    /// goes where it was or further on, where all has been moved already. Some of the first slots would go further
    /// back, as their neighbours pushed them on or they came round the end: those wait until all others have moved.
    private mutating func spread(_ old: UnsafeMutableBufferPointer<Slot>, left: UInt32, later: Int64) {
        var waiting: [Slot] = []
        for index in old.indices.reversed() {
            let slot = old[index]
            guard slot.time != 0 else { continue }
            old[index] = Slot()
            guard slot.time > left else { continue }
            var place = start(slot.high)
            guard place >= index else {
                waiting.append(slot)
                continue
            }
            while place < slotCount, slots[place].time != 0 { place += 1 }
            guard place < slotCount else {
                waiting.append(slot)
                continue
            }
            slots[place] = slot.moved(later: later)
        }
        for slot in waiting { place(slot, later: later) }
    }

    /// Puts a slot of the former table where it belongs in this one.
    private func place(_ slot: Slot, later: Int64) {
        var index = start(slot.high)
        while slots[index].time != 0 { index = after(index) }
        slots[index] = slot.moved(later: later)
    }

    /// Slots for so many keys and a quarter more at 85 %, whole pages where runs are mapped.
    private static func slotCount(for keys: Int) -> Int {
        guard keys >= 512 else { return (keys + 10) * 2 }
        let count = keys * 25 / 17
        let bytes = count * MemoryLayout<Slot>.stride
        guard bytes >= DedupeMemory.mappedBytes else { return count }
        return bytes / DedupeMemory.pageBytes * DedupeMemory.pageBytes / MemoryLayout<Slot>.stride
    }
}
