internal import Basics
internal import Model

/// Companies that have, or ever had, a subscription: one bit each.
///
/// Only their periods have boundaries, which a counter asks for when it is first used; for all other companies no
/// record need be read. A bit may be set for nothing, when a commit has failed.
final class SubscribedCompanies: Sendable {
    private let words = Locked<[UInt64]>([])

    func contains(_ company: Identifier<Company>) -> Bool {
        let (word, bit) = Self.place(company)
        return words.withLock { word < $0.count && $0[word] & bit != 0 }
    }

    func insert(_ company: Identifier<Company>) {
        let (word, bit) = Self.place(company)
        words.withLock { words in
            // Ordinals are given out one after another.
            if word >= words.count { words += [UInt64](repeating: 0, count: max(word + 1 - words.count, words.count)) }
            words[word] |= bit
        }
    }

    private static func place(_ company: Identifier<Company>) -> (word: Int, bit: UInt64) {
        (Int(company.ordinal / 64), 1 << (company.ordinal % 64))
    }
}
