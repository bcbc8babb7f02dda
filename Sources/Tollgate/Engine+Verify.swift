internal import Basics
internal import Billing
internal import Metering
internal import Model
internal import Rating
internal import Store

/// What `verify` found.
public struct VerifyReport: Sendable {
    /// Journal entries replayed, and the events in them.
    public internal(set) var entries = 0
    public internal(set) var events = 0
    /// The sequence of the last of them.
    public internal(set) var journalPosition: UInt64 = 0
    /// Invoices looked at, and their lines.
    public internal(set) var invoices = 0
    public internal(set) var lines = 0
    /// Of all finalised usage lines, in units of their meters: what their periods metered, what they billed, what later
    /// lines corrected, and what waits to be corrected. Billed + corrected + unbilled = metered.
    public internal(set) var metered: Int128 = 0
    public internal(set) var billed: Int128 = 0
    public internal(set) var corrected: Int128 = 0
    public internal(set) var unbilled: Int128 = 0
    /// Of these, what no later line will bill: 0, or usage has been lost or billed twice.
    public internal(set) var unaccounted: Int128 = 0
    /// What does not agree, in sentences; the first hundred.
    public internal(set) var differences: [String] = []

    public var isClean: Bool { differences.isEmpty }

    mutating func report(_ difference: String) {
        if differences.count < 100 { differences.append(difference) }
    }
}

extension Engine {
    /// Replays the journal into an empty store and compares the two: state = fold(journal). Then checks every invoice
    /// against the usage it bills.
    ///
    /// - Parameter progress: called now and then with the entries replayed.
    public func verify(progress: (Int) -> Void = { _ in }) throws -> VerifyReport {
        var report = VerifyReport()
        let directory = try TemporaryDirectory()
        var options = EngineOptions()
        options.isDurable = false
        options.clock = { Timestamp(milliseconds: 0) }
        let twin = try Engine.open(directory.path, options: options)
        let snapshot = try committer.foldedSnapshot()
        var tally: [CounterKey: Int128] = [:]
        try snapshot.forEachEntry { sequence, entry in
            report.entries += 1
            report.journalPosition = sequence
            do {
                report.events += try twin.replay(entry, &tally)
            } catch {
                report.report("journal entry \(sequence) cannot be applied again: \(error)")
            }
            if report.entries % 1000 == 0 { progress(report.entries) }
            return true
        }
        try compare(snapshot, try twin.committer.foldedSnapshot(), &report)
        try compare(tally, snapshot, &report)
        try checkInvoices(snapshot, &report)
        return report
    }

    /// Checks every invoice against the usage it bills, as `verify` does at its end, without replaying the journal. The
    /// result is shown by `statistics` until the next one.
    ///
    /// - Parameter isCancelled: asked for each invoice.
    /// - Throws: `CancellationError` when that is so; nothing is shown of that audit.
    public func audit(isCancelled: () -> Bool = { false }) throws -> VerifyReport {
        var report = VerifyReport()
        try checkInvoices(try store.snapshot(), &report, isCancelled: isCancelled)
        lastAudit.withLock { $0 = EngineStatistics.Audit(at: options.clock(), unaccounted: report.unaccounted) }
        return report
    }

    /// Applies one journal entry as it was applied then, and adds its events up beside that. Answers the events in it.
    private func replay(_ entry: JournalEntry, _ tally: inout [CounterKey: Int128]) throws -> Int {
        switch entry.kind {
        case .command:
            try replay(try CommandRegistry.all.decode(entry.payload), entry)
            return 0
        case .events:
            var count = 0
            var uses: [CounterShards.Use] = []
            var starts: [Timestamp] = []
            var derived: [DerivedUse] = []
            try EventBlock.forEach(in: entry.payload, received: entry.at) { _, event in
                count += 1
                guard event.isCounted else { return true }
                let counter = CounterKey(company: event.company, meter: event.meter)
                var sums = [(counter, event.quantity)]
                let first = derived.count
                derived += event.derived
                for use in derived[first...] where use.kind == .additive {
                    sums.append((CounterKey(company: event.company, meter: use.meter), use.value))
                }
                for (counter, quantity) in sums {
                    tally[counter, default: 0] += Int128(quantity)
                    if event.isBackfill { tally[counter.backfill, default: 0] += Int128(quantity) }
                }
                uses.append(
                    CounterShards.Use(
                        event.quantity, of: counter, effective: event.effective, isBackfill: event.isBackfill,
                        derived: first..<derived.count))
                starts.append(event.bucketStart)
                return true
            }
            try committer.gate.shared {
                try counters.add(
                    &uses, derived: &derived, in: entry.environment,
                    received: settled(entry.at, in: entry.environment))
                for (use, recorded) in zip(uses, starts) {
                    guard case .counted(let start) = use.outcome else { throw StoreFailure("a counter is full") }
                    guard start == recorded else {
                        throw StoreFailure(
                            "an event was counted from \(recorded.rfc3339) on, not \(start.rfc3339)")
                    }
                }
                committer.enqueue(entry.encoded, nil)
            }
            return count
        case .hold:
            let hold = try entry.payload.withUnsafeBytes { try Hold(packed: $0) }
            let key = StoreKey.hold(hold.id.ordinal, in: entry.environment)
            committer.gate.shared { _ = committer.enqueue(entry.encoded, writes: [key: entry.payload], nil) }
            return 0
        case .audit:
            try replayAudit(entry)
            return 0
        }
    }

    private func replay(_ command: some Command, _ entry: JournalEntry) throws {
        _ = try applyDue(command, in: entry.environment, at: entry.at, nil)
    }

    /// Tables that are a fold of the journal and nothing else. Kept answers and the dedupe marks also depend on
    /// requests that changed nothing.
    private static let folded: [StoreTable] = [
        .records, .keys, .usage, .due, .invoices, .holds, .audit, .samples, .planChanges, .external, .lapses,
    ]

    private func compare(_ live: Snapshot, _ replayed: Snapshot, _ report: inout VerifyReport) throws {
        for table in Self.folded {
            let expected = try Self.contents(table, replayed)
            var unseen = expected
            try live.forEach(table, prefix: []) { key, value in
                let key = Array(key)
                if unseen.removeValue(forKey: key) != Array(value) {
                    let what =
                        expected[key] == nil ? "is not what the journal makes" : "differs from what the journal makes"
                    report.report("table \(table.rawValue): the entry \(Self.hex(key)) \(what)")
                }
                return true
            }
            for key in unseen.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                report.report("table \(table.rawValue): the entry \(Self.hex(key)) is missing")
            }
        }
    }

    /// The journal's events, added up one by one, must be what the buckets of each counter hold together.
    private func compare(
        _ tally: [CounterKey: Int128], _ live: Snapshot, _ report: inout VerifyReport
    ) throws {
        var unseen = tally
        try live.forEachCounter { company, meter, total, buckets in
            let key = CounterKey(company: company, meter: meter)
            let sent = unseen.removeValue(forKey: key) ?? 0
            if sent != Int128(total) || sent != buckets {
                report.report(
                    "company \(Identifier<Company>(ordinal: company)): a counter has \(total) in all and \(buckets) in "
                        + "its buckets, the journal's events are \(sent)")
            }
        }
        for (key, sent) in unseen where sent != 0 {
            report.report("company \(Identifier<Company>(ordinal: key.company)): \(sent) units were never counted")
        }
    }

    private static func contents(_ table: StoreTable, _ snapshot: Snapshot) throws -> [[UInt8]: [UInt8]] {
        var contents: [[UInt8]: [UInt8]] = [:]
        try snapshot.forEach(table, prefix: []) { key, value in
            contents[Array(key)] = Array(value)
            return true
        }
        return contents
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    // MARK: - Invoices

    private func checkInvoices(
        _ snapshot: Snapshot, _ report: inout VerifyReport, isCancelled: () -> Bool = { false }
    ) throws {
        for environment in environments {
            var corrections: [Identifier<InvoiceLine>: Decimal] = [:]
            var billed: [BilledUse: [Period]] = [:]
            var seals = SealChain()
            try snapshot.forEach(Invoice.self, in: environment.id) { invoice in
                if isCancelled() { throw CancellationError() }
                report.invoices += 1
                report.lines += invoice.lines.count
                for line in invoice.lines where line.type == .correction {
                    guard let corrected = line.correctsLineID else { continue }
                    corrections[corrected] = try (corrections[corrected] ?? 0).adding(line.quantity)
                }
                return true
            }
            try snapshot.forEach(Invoice.self, in: environment.id) { invoice in
                if isCancelled() { throw CancellationError() }
                guard invoice.status != .draft else { return true }
                if let finding = try seals.add(invoice) { report.report(finding) }
                for line in invoice.lines where line.type == .usage {
                    try check(line, of: invoice, corrections[line.id] ?? 0, snapshot, &report)
                    guard let featureID = line.featureID, let basis = line.usageBasis, !basis.isEarly else { continue }
                    let use = BilledUse(company: invoice.companyID, feature: featureID)
                    billed[use, default: []].append(basis.period)
                }
                return true
            }
            for finding in seals.findings() { report.report(finding) }
            for (use, periods) in billed {
                let sorted = periods.filter { $0.start < $0.end }.sorted { $0.start < $1.start }
                for (earlier, later) in zip(sorted, sorted.dropFirst()) where later.start < earlier.end {
                    report.report(
                        "company \(use.company): use of \(use.feature) from \(later.start.rfc3339) on is billed twice")
                }
            }
        }
    }

    /// What the usage lines of a company bill, once for each instant.
    private struct BilledUse: Hashable {
        let company: Identifier<Company>
        let feature: Identifier<Feature>
    }

    /// A quantity in units of its meter; nil where it does not fit.
    private static func units(_ quantity: Decimal, of meter: Identifier<Meter>) -> Int128? {
        MeterUnit.count(quantity, places: MeterUnit.places(ofMeter: meter.ordinal)).map { Int128($0) }
    }

    /// A usage line must be the rating of its quantity; its quantity and the corrections must be what was metered, but
    /// for what came late and waits for the next close.
    private func check(
        _ line: InvoiceLine, of invoice: Invoice, _ corrected: Decimal, _ snapshot: Snapshot,
        _ report: inout VerifyReport
    ) throws {
        guard let basis = line.usageBasis,
            let subscription = try snapshot.record(invoice.subscriptionID, in: invoice.environmentID)
        else {
            report.report("invoice \(invoice.id): line \(line.id) has lost its price")
            return
        }
        let isKept = subscription.billedPeriods.contains { $0.invoiceID == invoice.id }
        let quantity = try line.quantity.adding(basis.billedEarly?.quantity ?? 0)
        let rated = try Rating.rate(
            quantity: quantity,
            events: basis.events(of: quantity) {
                let meter = $0.ordinal
                return try counters.quantities(company: invoice.companyID, of: $0, in: basis.period)
                    .map { MeterUnit.quantity($0, ofMeter: meter) }
            }, under: basis.model)
        // Single events that came late are on later lines, and are no longer told from the others.
        let isComparable = basis.eventsMeterID == nil || corrected == 0 && !isKept && !basis.isEarly
        var amount = Int128(rated.amount) - Int128(basis.billedEarly?.amount ?? 0)
        if basis.isEarly, let most = basis.maximum { amount = min(amount, Int128(most)) }
        if isComparable, amount != line.amount {
            report.report("invoice \(invoice.id): line \(line.id) bills \(line.amount), its quantity costs \(amount)")
        }
        // Together with what was billed before the period ended, the line at its end has all of the period.
        guard !basis.isEarly, let meterID = basis.meterID,
            let billed = Self.units(quantity, of: meterID), let correction = Self.units(corrected, of: meterID)
        else { return }
        let metered = Int128(try counters.sum(company: invoice.companyID, meter: meterID, in: basis.period))
        let unbilled = metered - billed - correction
        report.metered += metered
        report.billed += billed
        report.corrected += correction
        report.unbilled += unbilled
        if unbilled != 0, !isKept, subscription.isLive {
            report.unaccounted += Int128(unbilled.magnitude)
            report.report(
                "invoice \(invoice.id): line \(line.id) bills \(billed), corrections \(correction), metered \(metered)")
        }
    }
}
