internal import Basics
internal import Metering
internal import Model

/// One use that was counted as it was decided on.
struct CountedUse {
    let key: CounterKey
    let quantity: Int64
    /// Where the bucket begins that it was counted in.
    let start: Timestamp?
    let idempotencyKey: [UInt8]

    /// The journal's block of this one event.
    func block(in environment: EnvironmentID, at now: Timestamp) -> EventBlock {
        var block = EventBlock(in: environment, received: now, capacity: 128 + idempotencyKey.count)
        idempotencyKey.withUnsafeBytes { idempotencyKey in
            block.append(
                EventBlock.Event(
                    type: .track, isBackfill: false, isTimed: false, company: key.company, user: 0, meter: key.meter,
                    quantity: quantity, effective: now, bucketStart: start, key: idempotencyKey,
                    json: UnsafeRawBufferPointer(start: nil, count: 0)))
        }
        return block
    }
}
