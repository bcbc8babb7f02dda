internal import Basics

/// The companies whose use somebody follows, and which of them used something since anybody asked.
///
/// Whoever counts asks a filter that does not change, so what nobody follows costs a batch one look, and one bit for
/// each of its events when anybody is followed at all. The filter may say yes for a company that nobody follows, as it
/// has a bit for many of them; never no for one that somebody does.
package final class UseWatch: Sendable {
    private static let bits = 1 << 16

    private final class Filter: Sendable {
        /// Empty when nobody is followed.
        let words: [UInt64]
        /// Everybody is.
        let isOpen: Bool

        init(_ words: [UInt64], isOpen: Bool) {
            self.words = words
            self.isOpen = isOpen
        }

        var isEmpty: Bool { words.isEmpty && !isOpen }

        func accepts(_ company: UInt64) -> Bool {
            if isOpen { return true }
            if words.isEmpty { return false }
            let bit = UseWatch.bit(of: company)
            return words[bit / 64] >> UInt64(bit % 64) & 1 == 1
        }
    }

    private struct Followed {
        /// How many follow the companies of each bit.
        private var counts: [Int: Int] = [:]
        private var words = [UInt64](repeating: 0, count: UseWatch.bits / 64)
        var everybody = 0

        mutating func add(_ company: UInt64) {
            let bit = UseWatch.bit(of: company)
            counts[bit, default: 0] += 1
            words[bit / 64] |= 1 << UInt64(bit % 64)
        }

        mutating func remove(_ company: UInt64) {
            let bit = UseWatch.bit(of: company)
            guard let count = counts[bit] else { preconditionFailure("nobody follows company \(company)") }
            counts[bit] = count > 1 ? count - 1 : nil
            if count == 1 { words[bit / 64] &= ~(1 << UInt64(bit % 64)) }
        }

        var filter: Filter { Filter(counts.isEmpty ? [] : words, isOpen: everybody > 0) }
    }

    private let filter = Published(Filter([], isOpen: false))
    private let followed = Locked(Followed())
    private let used = Locked<Set<UInt64>>([])
    private let onUse: @Sendable () -> Void

    /// - Parameter onUse: called when the first company is noted after `take`, by whoever counted.
    package init(onUse: @escaping @Sendable () -> Void) {
        self.onUse = onUse
    }

    private static func bit(of company: UInt64) -> Int { Int(truncatingIfNeeded: company) & (bits - 1) }

    // MARK: - Whoever follows

    package func follow(_ company: UInt64) { change { $0.add(company) } }

    package func unfollow(_ company: UInt64) { change { $0.remove(company) } }

    package func followEverybody() { change { $0.everybody += 1 } }

    package func unfollowEverybody() { change { $0.everybody -= 1 } }

    private func change(_ body: (inout Followed) -> Void) {
        followed.withLock { followed in
            body(&followed)
            let filter = followed.filter
            self.filter.replace { _ in filter }
        }
    }

    /// The companies that may have used something, or hold other units than before, since the last time.
    package func take() -> Set<UInt64> {
        used.withLock { used in
            defer { used = [] }
            return used
        }
    }

    // MARK: - Whoever counts

    /// To be called after the use can be seen.
    func note(_ company: UInt64) {
        guard filter.object.accepts(company) else { return }
        add { $0.insert(company) }
    }

    func note(_ uses: UnsafeMutableBufferPointer<CounterShards.Use>) {
        let filter = filter.object
        guard !filter.isEmpty else { return }
        let companies = uses.lazy.map(\.key.company).filter { filter.accepts($0) }
        guard !companies.isEmpty else { return }
        add { $0.formUnion(companies) }
    }

    private func add(_ body: (inout Set<UInt64>) -> Void) {
        let isFirst = used.withLock { used in
            let wasEmpty = used.isEmpty
            body(&used)
            return wasEmpty
        }
        if isFirst { onUse() }
    }
}
