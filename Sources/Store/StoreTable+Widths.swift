internal import Model

extension StoreTable {
    /// The least bytes of a key and of a value, where numbers of fixed width stand in them.
    private var leastBytes: (key: Int, value: Int) {
        switch self {
        case .journal: (8, JournalEntry.headerWidth)
        case .keys: (5, 8)
        case .usage: (UsageKey.width, 8)
        case .due, .lapses: (21, 0)
        case .external: (6, 8)
        case .holds: (12, 1)
        case .audit: (12, 8)
        case .samples: (StoreKey.sampleWidth, Sample.width)
        case .invoices, .planChanges: (16, 0)
        case .marks: (12, 8)
        case .records: (StoreKey.recordWidth, 1)
        default: (0, 0)
        }
    }

    /// Refuses what is too short to be read: nobody else looks before reading numbers out of it.
    func check(keyBytes: Int, valueBytes: Int) throws(StoreFailure) {
        let least = leastBytes
        guard keyBytes >= least.key, valueBytes >= least.value else {
            throw StoreFailure(
                "the store is damaged: in \(rawValue) a key of \(keyBytes) bytes has a value of \(valueBytes), where "
                    + "at least \(least.key) and \(least.value) were expected")
        }
    }
}
