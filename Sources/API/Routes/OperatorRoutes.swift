internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Tollgate

extension Routes {
    /// For those who run the server: no key needed, and nothing in the answers that belongs to a company.
    func addOperations(_ metrics: RequestMetrics, _ streams: StreamHub) {
        router.get("health") { _, _ in Response(text: "ok\n") }
        let engine = engine
        // Ready means that the store can be read now.
        router.get("ready") { _, _ in
            _ = try engine.statistics()
            return Response(text: "ready\n")
        }
        router.get("metrics") { _, _ in
            var text = PrometheusText()
            text.write(try engine.statistics())
            text.write(streams.statistics.withLock { $0 })
            metrics.write(to: &text)
            return Response(text: text.text, type: "text/plain; version=0.0.4")
        }
    }
}

extension PrometheusText {
    fileprivate mutating func write(_ statistics: EngineStatistics) {
        let events = statistics.events
        family(
            "tollgate_events_total", "counter", "Events by what became of them.", label: "outcome",
            [
                ("accepted", events.accepted), ("duplicate", events.duplicates), ("conflict", events.conflicts),
                ("rejected", events.rejected),
            ])
        let consumes = statistics.consumes
        family(
            "tollgate_consumes_total", "counter", "Consumes by their answer.", label: "answer",
            [("allowed", consumes.allowed), ("refused", consumes.refused)])
        let (reservations, settlements) = (statistics.reservations, statistics.settlements)
        family(
            "tollgate_holds_total", "counter", "Reservations and ends of holds by their answer.", label: "answer",
            [
                ("held", reservations.allowed), ("refused", reservations.refused),
                ("committed", settlements.committed), ("released", settlements.released),
            ])
        let closing = statistics.closing
        single("tollgate_closed_periods_total", "counter", "Billing periods that were closed.", closing.periods)
        single("tollgate_invoices_total", "counter", "Invoices that closing issued.", closing.invoices)
        single("tollgate_close_refusals_total", "counter", "Periods and drafts that were refused.", closing.refused)
        single("tollgate_due_items", "gauge", "Periods and drafts that have fallen due and wait.", closing.due)
        header("tollgate_commit_seconds", "histogram", "Time that a commit took to be durable.")
        histogram("tollgate_commit_seconds", "", statistics.commitMicros, unit: 1_000_000)
        header("tollgate_commit_bytes", "histogram", "Bytes of journal in a commit.")
        histogram("tollgate_commit_bytes", "", statistics.commitBytes)
        single("tollgate_commit_failures_total", "counter", "Commits that failed.", statistics.commitFailures)
        single(
            "tollgate_journal_entries_total", "counter", "Entries written to the journal.", statistics.journalEntries)
        single(
            "tollgate_journal_position", "gauge", "Number of the last durable entry of the journal.",
            statistics.journalPosition)
        single(
            "tollgate_usage_rows_total", "counter", "Rows of usage brought up to date in the store.",
            statistics.foldedRows)
        single("tollgate_waiting_callers", "gauge", "Callers that wait for the next commit.", statistics.waitingCallers)
        single("tollgate_waiting_bytes", "gauge", "Journal bytes that wait to be written.", statistics.waitingBytes)
        single("tollgate_counters", "gauge", "Usage counters in memory.", statistics.counters)
        single(
            "tollgate_shard_waits_total", "counter", "Times that one thread waited for another at a shard of counters.",
            statistics.shardWaits)
        single("tollgate_dedupe_keys", "gauge", "Idempotency keys remembered.", statistics.dedupeKeys)
        single("tollgate_store_bytes", "gauge", "Bytes of the store's file in use.", statistics.storeBytes)
        single("tollgate_store_free_bytes", "gauge", "Of these, bytes to be used again.", statistics.freeBytes)
        single(
            "tollgate_store_limit_bytes", "gauge", "Bytes that the store holds before it grows.", statistics.mapBytes)
        single("tollgate_store_readers", "gauge", "Reads of the store that are open.", statistics.readers)
        if let audit = statistics.audit { write(audit) }
    }

    private mutating func write(_ audit: EngineStatistics.Audit) {
        single(
            "tollgate_unaccounted_units", "gauge",
            "Units of usage that invoices neither bill, correct, nor will: anything but 0 is a fault.",
            audit.unaccounted)
        single(
            "tollgate_audit_timestamp_seconds", "gauge", "When the invoices were last checked against the usage.",
            audit.at.milliseconds / 1000)
    }

    fileprivate mutating func write(_ streams: StreamStatistics) {
        family(
            "tollgate_streams", "gauge", "Streams that are open.", label: "path",
            StreamKind.allCases.map { ($0.rawValue, UInt64(streams.open[$0] ?? 0)) })
        single("tollgate_stream_companies", "gauge", "Companies that streams follow.", streams.companies)
        single("tollgate_stream_users", "gauge", "Users that streams follow.", streams.users)
        single("tollgate_stream_messages_total", "counter", "Messages sent on streams.", streams.messages)
        family(
            "tollgate_streams_dropped_total", "counter", "Streams that were ended for the sake of the others.",
            label: "reason", StreamStatistics.Drop.allCases.map { ($0.rawValue, streams.drops[$0] ?? 0) })
    }

    private mutating func single(_ name: String, _ type: String, _ help: String, _ value: some BinaryInteger) {
        header(name, type, help)
        sample(name, "", "\(value)")
    }

    private mutating func family(
        _ name: String, _ type: String, _ help: String, label: String, _ samples: [(String, UInt64)]
    ) {
        header(name, type, help)
        for (value, count) in samples { sample(name, "\(label)=\"\(value)\"", "\(count)") }
    }
}

extension Response {
    fileprivate init(text: String, type: String = "text/plain") {
        self.init(
            status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
