internal import Basics
internal import EventScanner

/// Scanners that are not in use. A scanner serves one body at a time and keeps its buffers.
final class ScannerPool: Sendable {
    private final class Slot: @unchecked Sendable {
        // Unchecked: a slot is taken out of the pool by one thread at a time.
        var scanner = EventScanner()
    }

    private static let idleLimit = 16
    private let idle = Locked<[Slot]>([])

    func scan<R>(
        _ body: UnsafeRawBufferPointer, as form: EventForm, limit: Int,
        _ visit: (borrowing ScannedEvents) throws -> R
    ) throws -> R {
        let slot = idle.withLock { $0.popLast() } ?? Slot()
        defer { idle.withLock { if $0.count < Self.idleLimit { $0.append(slot) } } }
        return try slot.scanner.scan(body, as: form, limit: limit, visit)
    }
}
