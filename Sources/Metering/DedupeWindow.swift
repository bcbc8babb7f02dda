package import Basics
package import Model

/// The idempotency keys of one environment's last 24 hours of receipt, each with a fingerprint of what it stood for.
///
/// Keys are held as 96 bits of a keyed 128-bit hash: with a billion keys in the window the chance that any two of them
/// ever collide is below 10⁻¹⁰, and without the key nobody can aim for it. 24 bytes a key; a table grows by half, and
/// drops what has left the window when it does.
package final class DedupeWindow: Sendable {
    package static let length = TimeSpan.hours(24)
    private static let shardCount = 64

    private let hash: KeyedHash
    private let shards: [Locked<Table>]

    package enum Verdict: Sendable {
        /// Not seen in the window; from now on it is.
        case new
        /// Seen with the same content.
        case duplicate
        /// Seen with other content.
        case conflict
    }

    /// What stands for an idempotency key.
    package struct Fingerprint: Sendable {
        fileprivate let high: UInt64
        fileprivate let low: UInt32
    }

    package init() {
        var random = SystemRandomNumberGenerator()
        hash = KeyedHash(key: (random.next(), random.next()))
        shards = (0..<Self.shardCount).map { _ in Locked(Table()) }
    }

    /// Keys are scoped by the type of event.
    package func fingerprint(_ key: UnsafeBufferPointer<UInt8>, type: EventType) -> Fingerprint {
        var stream = hash.begin()
        stream.append(UInt64(type.rawValue))
        stream.append(UnsafeRawBufferPointer(key))
        let (high, low) = stream.finish()
        return Fingerprint(high: high, low: UInt32(truncatingIfNeeded: low))
    }

    /// Judges a key and remembers it when it is new.
    package func judge(_ fingerprint: Fingerprint, content: UInt16, at now: Timestamp) -> Verdict {
        shard(of: fingerprint).withLock { $0.judge(fingerprint, content, now) }
    }

    /// Whether the key was seen in the window, with whatever content.
    package func holds(_ fingerprint: Fingerprint, at now: Timestamp) -> Bool {
        shard(of: fingerprint).withLock { $0.holds(fingerprint, now) }
    }

    /// Takes back a key whose event was not counted after all.
    package func forget(_ fingerprint: Fingerprint) {
        shard(of: fingerprint).withLock { $0.forget(fingerprint) }
    }

    package func forgetAll() {
        for shard in shards { shard.withLock { $0 = Table() } }
    }

    package var count: Int { shards.reduce(0) { $0 + $1.withLock { $0.used } } }

    private func shard(of fingerprint: Fingerprint) -> Locked<Table> {
        shards[Int(fingerprint.high >> 58)]
    }

    /// Open addressing with linear probing. A key that comes again after it left the
    /// window takes its old slot; the slots of all others that left it go when the table grows.
    private struct Table {
        struct Slot {
            var high: UInt64 = 0
            /// Receipt time in milliseconds (48 bits) and content (16 bits); 0 marks a slot that was never used, time 0
            /// a key that was taken back.
            var timeAndContent: UInt64 = 0
            var low: UInt32 = 0

            var time: Int64 { Int64(timeAndContent >> 16) }
            var content: UInt16 { UInt16(truncatingIfNeeded: timeAndContent) }

            func holds(_ fingerprint: Fingerprint) -> Bool {
                timeAndContent != 0 && high == fingerprint.high && low == fingerprint.low
            }

            func hasLeft(_ now: Int64) -> Bool { time == 0 || now - time >= DedupeWindow.length.milliseconds }
        }

        private(set) var used = 0
        private var slots = [Slot](repeating: Slot(), count: 16)

        private func home(_ high: UInt64) -> Int {
            // The top bits chose the shard; the bits below them choose the slot.
            Int((high << 6).multipliedFullWidth(by: UInt64(slots.count)).high)
        }

        mutating func judge(_ fingerprint: Fingerprint, _ content: UInt16, _ now: Timestamp) -> Verdict {
            let time = max(now.milliseconds, 1)
            let entry = Slot(
                high: fingerprint.high, timeAndContent: UInt64(time) << 16 | UInt64(content), low: fingerprint.low)
            var index = home(fingerprint.high)
            while slots[index].timeAndContent != 0 {
                if slots[index].holds(fingerprint) {
                    if !slots[index].hasLeft(time) { return slots[index].content == content ? .duplicate : .conflict }
                    slots[index] = entry
                    return .new
                }
                index = index + 1 == slots.count ? 0 : index + 1
            }
            slots[index] = entry
            used += 1
            if used * 8 > slots.count * 7 { grow(time) }
            return .new
        }

        func holds(_ fingerprint: Fingerprint, _ now: Timestamp) -> Bool {
            let time = max(now.milliseconds, 1)
            var index = home(fingerprint.high)
            while slots[index].timeAndContent != 0 {
                if slots[index].holds(fingerprint) { return !slots[index].hasLeft(time) }
                index = index + 1 == slots.count ? 0 : index + 1
            }
            return false
        }

        mutating func forget(_ fingerprint: Fingerprint) {
            var index = home(fingerprint.high)
            while slots[index].timeAndContent != 0 {
                // The slot stays in the chain, as one that has left the window.
                if slots[index].holds(fingerprint) { slots[index].timeAndContent = 1 }
                index = index + 1 == slots.count ? 0 : index + 1
            }
        }

        private mutating func grow(_ now: Int64) {
            let live = slots.filter { $0.timeAndContent != 0 && !$0.hasLeft(now) }
            // Room for half as many again as are live, below the load at which it grows.
            slots = [Slot](repeating: Slot(), count: max(16, live.count * 12 / 7 + 1))
            used = live.count
            for entry in live {
                var index = home(entry.high)
                while slots[index].timeAndContent != 0 { index = index + 1 == slots.count ? 0 : index + 1 }
                slots[index] = entry
            }
        }
    }
}
