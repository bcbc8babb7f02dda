public import Basics

/// A provider tells of changes over the network, so what it told first may come last. Older news never undo newer ones.
///
/// The newer of two is the one with the later `event_created` in its metadata (Unix seconds, or RFC 3339), where both
/// have it; else the one whose period begins later, or, of one period, ends later. What is over stays over: of equals,
/// a final status is the newer one. All else is taken as it comes.
extension MirroredSubscription.Details {
    public func isOlder(than known: Self) -> Bool {
        if let mine = metadata.eventCreated, let theirs = known.metadata.eventCreated, mine != theirs {
            return mine < theirs
        }
        for (mine, theirs) in [(periodStart, known.periodStart), (periodEnd, known.periodEnd)] {
            if let mine, let theirs, mine != theirs { return mine < theirs }
        }
        return known.status.isFinal && !status.isFinal
    }
}

extension BillingCustomer.Details {
    public func isOlder(than known: Self) -> Bool {
        guard let mine = meta.mapValues(TraitValue.string).eventCreated,
            let theirs = known.meta.mapValues(TraitValue.string).eventCreated
        else { return false }
        return mine < theirs
    }
}

extension MirroredInvoice.Details {
    /// An invoice goes from draft to open to its end, and what was paid of it grows.
    public func isOlder(than known: Self) -> Bool {
        let (mine, theirs) = (status.progress, known.status.progress)
        return mine == theirs ? amountPaid < known.amountPaid : mine < theirs
    }
}

extension InvoiceStatus {
    /// How far an invoice has come.
    fileprivate var progress: Int {
        switch self {
        case .draft: 0
        case .open: 1
        case .uncollectible: 2
        case .paid, .void: 3
        }
    }
}

extension [String: TraitValue] {
    /// When the provider made the news that this came with; nil where it does not say.
    public var eventCreated: Timestamp? {
        guard let text = self["event_created"]?.text else { return nil }
        let latest = Int64.max / 1000
        return Int64(text).flatMap { (0...latest).contains($0) ? Timestamp(milliseconds: $0 * 1000) : nil }
            ?? Timestamp(rfc3339: text)
    }
}
