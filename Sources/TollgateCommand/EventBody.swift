internal import Tollgate

/// The bytes of one request of events, at an address that stays until the last user is done: `track` reads them across
/// waits.
// Unchecked: nothing writes the bytes after `init`.
final class EventBody: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    let events: Int

    init(_ text: [UInt8], events: Int) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
        copy.copyBytes(from: text)
        bytes = UnsafeRawBufferPointer(copy)
        self.events = events
    }

    deinit { bytes.deallocate() }
}
