import Basics
import Metering
import Model
import Store
import TestSupport
import Testing

@Suite("Event blocks")
struct EventBlockTests {
    private struct Plain: Equatable {
        var type: EventType
        var isBackfill: Bool
        var isTimed: Bool
        var isFailed: Bool
        var numbers: [UInt64]
        var quantity: Int64
        var effective: Timestamp
        var bucketStart: Timestamp
        var key: [UInt8]
        var json: [UInt8]

        init(_ random: inout SplitMix) {
            func number() -> UInt64 {
                UInt64.random(in: 0...(.max), using: &random) >> UInt64.random(in: 0...63, using: &random)
            }
            func bytes() -> [UInt8] {
                (0..<Int.random(in: 0...300, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            }
            type = [.track, .identify, .flagCheck].randomElement(using: &random)!
            isBackfill = .random(using: &random)
            isTimed = .random(using: &random)
            isFailed = .random(using: &random)
            numbers = [number(), number(), number()]
            quantity = Int64(bitPattern: number()) * (Bool.random(using: &random) ? 1 : -1)
            effective = Timestamp(milliseconds: Int64.random(in: -1_000_000...2_000_000_000_000, using: &random))
            let hour: Int64 = 3_600_000
            let hours = (Double(effective.milliseconds) / Double(hour)).rounded(.down)
            bucketStart =
                Bool.random(using: &random)
                ? Timestamp(milliseconds: Int64(hours) * hour)
                : effective - TimeSpan(milliseconds: Int64.random(in: 0..<hour, using: &random))
            key = bytes()
            json = bytes()
        }

        init(_ event: EventBlock.Event) {
            type = event.type
            isBackfill = event.isBackfill
            isTimed = event.isTimed
            isFailed = event.isFailed
            numbers = [event.company, event.user, event.meter]
            quantity = event.quantity
            effective = event.effective
            bucketStart = event.bucketStart
            key = Array(event.key)
            json = Array(event.json)
        }

        func append(to block: inout EventBlock) {
            key.withUnsafeBytes { key in
                json.withUnsafeBytes { json in
                    block.append(
                        EventBlock.Event(
                            type: type, isBackfill: isBackfill, isTimed: isTimed, isFailed: isFailed,
                            company: numbers[0], user: numbers[1], meter: numbers[2], quantity: quantity,
                            effective: effective, bucketStart: bucketStart, key: key, json: json))
                }
            }
        }
    }

    private static let received = Timestamp(rfc3339: "2024-01-01T00:00:00Z")!

    private static let environment = EnvironmentID(ordinal: 3)

    private func block(of events: [Plain]) -> EventBlock {
        var block = EventBlock(in: Self.environment, received: Self.received, capacity: 1)
        for event in events { event.append(to: &block) }
        return block
    }

    private func payload(of events: [Plain]) -> [UInt8] {
        Array(block(of: events).entry.bytes.dropFirst(JournalEntry.headerWidth))
    }

    private func read(_ payload: [UInt8]) throws -> [Plain] {
        var events: [Plain] = []
        try EventBlock.forEach(in: payload, received: Self.received) { index, event in
            #expect(index == events.count)
            events.append(Plain(event))
            return true
        }
        return events
    }

    @Test("are read as they were written", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        for count in [0, 1, 2, 50] {
            let events = (0..<count).map { _ in Plain(&random) }
            #expect(block(of: events).count == count)
            #expect(try read(payload(of: events)) == events)
        }
    }

    @Test(
        "that are damaged are refused or read as something else, and never stop the process",
        arguments: [1, 2] as [UInt64])
    func damage(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        for _ in 0..<2_000 {
            var bytes = payload(of: [Plain(&random), Plain(&random)])
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
            _ = try? read(bytes)
        }
    }

    @Test("whose times lie beyond all times are refused")
    func times() throws {
        var random = SplitMix(seed: 5)
        var event = Plain(&random)
        event.effective = Self.received + .hours(1)
        event.bucketStart = Self.received
        let payload = payload(of: [event])
        #expect(throws: StoreFailure.self) {
            try EventBlock.forEach(in: payload, received: Timestamp(milliseconds: .max)) { _, _ in true }
        }
    }

    @Test("cut anywhere but between two events are refused")
    func cut() throws {
        var random = SplitMix(seed: 9)
        let (one, two) = (Plain(&random), Plain(&random))
        let bytes = payload(of: [one, two])
        let seam = payload(of: [one]).count
        for length in 1..<bytes.count where length != seam {
            #expect(throws: StoreFailure.self) { try read(Array(bytes[..<length])) }
        }
        #expect(try read(Array(bytes[..<seam])) == [one])
    }

    @Test("give their events ids that lead back to them")
    func ids() {
        for (sequence, index) in [(1, 0), (1, EventBlock.limit - 1), (2, 0), (1 << 40, 77)] {
            let place = EventBlock.place(of: EventBlock.eventID(sequence: UInt64(sequence), index: index))
            #expect(place == (UInt64(sequence), index))
        }
    }
}
