internal import CSimdJSON

/// Why nothing of a body can be used: a 4xx for the whole request.
package struct ScanFailure: Error, Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        case empty
        case notJSON
        case truncated
        case notUTF8
        /// More than 256 levels.
        case tooDeep
        /// The body is no object with an array `events`, no array, or, in the single form, no object.
        case noEvents
        /// More than `limit` events in one request.
        case tooManyEvents(limit: Int)
        /// More bytes than the scanner can address (1 GiB).
        case tooLarge(bytes: Int)
        case outOfMemory
    }

    package let reason: Reason
    /// Bytes from the start of the body to about where the reading stopped, where known.
    package let offset: Int?
    /// The event that the reading stopped in, where known.
    package let eventIndex: Int?
}

extension ScanFailure {
    /// The refusal as the caller of the API reads it.
    package var sentence: String {
        switch reason {
        case .empty: "the body is empty"
        case .notJSON: "the body is not valid JSON" + place
        case .truncated: "the body is not complete JSON" + place
        case .notUTF8: "the body is not valid UTF-8"
        case .tooDeep: "the body is nested too deeply: more than \(SCAN_BODY_DEPTH) levels" + place
        case .noEvents: "the body must be an event, an array of events, or an object with an array \"events\""
        case .tooManyEvents(let limit): "more than \(limit) events in one request"
        case .tooLarge(let bytes): "the body is too large: \(bytes) bytes"
        case .outOfMemory: "there is not enough memory to read the body"
        }
    }

    private var place: String {
        (offset.map { " near byte \($0)" } ?? "") + (eventIndex.map { ", in event \($0)" } ?? "")
    }

    /// Nil when the scan succeeded.
    init?(_ failure: scan_failure, _ result: scan_result, bytes: Int, limit: Int) {
        let reason: Reason
        switch failure {
        case .SCAN_FAILURE_NONE: return nil
        case .SCAN_FAILURE_EMPTY: reason = .empty
        case .SCAN_FAILURE_NOT_JSON: reason = .notJSON
        case .SCAN_FAILURE_TRUNCATED: reason = .truncated
        case .SCAN_FAILURE_NOT_UTF8: reason = .notUTF8
        case .SCAN_FAILURE_TOO_DEEP: reason = .tooDeep
        case .SCAN_FAILURE_NO_EVENTS: reason = .noEvents
        case .SCAN_FAILURE_TOO_MANY_EVENTS: reason = .tooManyEvents(limit: limit)
        case .SCAN_FAILURE_TOO_LARGE: reason = .tooLarge(bytes: bytes)
        case .SCAN_FAILURE_OUT_OF_MEMORY: reason = .outOfMemory
        }
        self.reason = reason
        offset = result.offset < 0 ? nil : result.offset
        eventIndex = result.index < 0 ? nil : result.index
    }
}
