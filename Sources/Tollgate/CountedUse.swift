internal import Basics
internal import Catalog
internal import Metering
internal import Model

/// One use that is counted as it is decided on: an event without traits.
struct CountedUse {
    /// The counter of the event's name.
    let key: CounterKey
    let quantity: Int64
    /// What it adds to meters derived from that one.
    var derived: [DerivedUse]
    /// Where the bucket begins that it was counted in.
    var start: Timestamp?
    var idempotencyKey: [UInt8] = []

    /// The journal's block of this one event.
    ///
    /// - Parameter useTime: when it counts, of what is received at `now`.
    func block(in environment: EnvironmentID, at now: Timestamp, _ useTime: Timestamp) -> EventBlock {
        var block = EventBlock(in: environment, received: now, capacity: 128 + idempotencyKey.count)
        idempotencyKey.withUnsafeBytes { idempotencyKey in
            block.append(
                EventBlock.Event(
                    type: .track, isBackfill: false, isTimed: false, company: key.company, user: 0, meter: key.meter,
                    quantity: quantity, effective: useTime, bucketStart: start, key: idempotencyKey,
                    json: UnsafeRawBufferPointer(start: nil, count: 0)),
                derived: derived[...])
        }
        return block
    }
}

extension Engine {
    /// The use of a feature under its limits. What it consumes, it consumes of the feature's own meter too; of the
    /// others that are derived from the event it adds to those that ask for no trait.
    func countedUse(under limits: UseLimits, _ quantity: Int64, _ catalog: CatalogSnapshot) -> CountedUse {
        let nouns = catalog.nouns
        let consumed = Identifier<Meter>(ordinal: limits.key.meter)
        guard let event = limits.event, let plain = nouns.meters[event], quantity > 0,
            let meters = nouns.derivedMeters[event]
        else {
            return CountedUse(key: limits.key, quantity: quantity, derived: [])
        }
        let measures = EventMeasures(meters, hash: store.secret)
        return CountedUse(
            key: CounterKey(company: Identifier(ordinal: limits.key.company), meter: plain.id), quantity: quantity,
            derived: measures.usesWithoutTraits(quantity, consumed: consumed))
    }
}
