internal import CSimdJSON

/// Reads request bodies of usage events into flat records, without decoding what nobody asks for.
///
/// Everything is checked before the first event is shown: a body that is malformed anywhere yields no events at all
/// (in NDJSON: a malformed line). Of a field that occurs twice the last counts, but each must be acceptable; null is
/// like absent; unknown fields are ignored. The scanner's buffers are reused from call to call and shrink again after
/// a body beyond 1 MiB.
///
/// Not for use by two threads at once. Keep one for each thread that reads bodies, or a small pool.
// Unchecked: the handle is never shared, as the struct is noncopyable and using it is mutating.
package struct EventScanner: ~Copyable, @unchecked Sendable {
    private let handle: OpaquePointer

    package init() {
        guard let handle = scan_create() else { fatalError("there is no memory for an event scanner") }
        self.handle = handle
    }

    deinit {
        scan_destroy(handle)
    }

    /// Hands the events of `body` to `visit` and returns what that returns.
    ///
    /// - Throws: `ScanFailure` when nothing of the body can be used; otherwise what `visit` throws.
    package mutating func scan<R>(
        _ body: UnsafeRawBufferPointer, as form: EventForm, limit: Int = 10_000,
        _ visit: (borrowing ScannedEvents) throws -> R
    ) throws -> R {
        var result = scan_result()
        let bytes = body.assumingMemoryBound(to: UInt8.self)
        defer { scan_trim(handle) }
        let failure = scan_events(handle, bytes.baseAddress, bytes.count, form.code, limit, &result)
        if let failure = ScanFailure(failure, result, bytes: bytes.count, limit: limit) { throw failure }
        return try visit(ScannedEvents(result))
    }
}

extension EventForm {
    fileprivate var code: scan_form {
        switch self {
        case .batch: .SCAN_FORM_BATCH
        case .single: .SCAN_FORM_SINGLE
        case .ndjson: .SCAN_FORM_NDJSON
        }
    }
}
