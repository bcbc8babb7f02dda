internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Tollgate

extension Routes {
    /// For those who run the server: no key needed, and nothing in the answers that belongs to a company.
    func addOperations(_ metrics: RequestMetrics) {
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
            metrics.write(to: &text)
            return Response(text: text.text, type: "text/plain; version=0.0.4")
        }
    }
}

extension PrometheusText {
    fileprivate mutating func write(_ statistics: EngineStatistics) {
        single("tollgate_commits_total", "counter", "Durable commits.", "\(statistics.commits)")
        single("tollgate_commit_failures_total", "counter", "Commits that failed.", "\(statistics.commitFailures)")
        single("tollgate_commit_seconds_total", "counter", "Time spent in commits.", "\(statistics.commitSeconds)")
        single(
            "tollgate_journal_entries_total", "counter", "Entries written to the journal.",
            "\(statistics.journalEntries)")
        single("tollgate_journal_bytes_total", "counter", "Bytes written to the journal.", "\(statistics.journalBytes)")
        single("tollgate_store_bytes", "gauge", "Bytes of the store's file in use.", "\(statistics.storeBytes)")
        single("tollgate_store_limit_bytes", "gauge", "Bytes that the store may grow to.", "\(statistics.mapBytes)")
        single("tollgate_dedupe_keys", "gauge", "Idempotency keys remembered.", "\(statistics.dedupeKeys)")
    }

    private mutating func single(_ name: String, _ type: String, _ help: String, _ value: String) {
        header(name, type, help)
        sample(name, "", value)
    }
}

extension Response {
    fileprivate init(text: String, type: String = "text/plain") {
        self.init(
            status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
