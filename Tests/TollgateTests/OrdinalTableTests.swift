import TestSupport
import Testing

@testable import Tollgate

@Suite struct OrdinalTableTests {
    private final class Box: Sendable {
        let ordinal: UInt64

        init(_ ordinal: UInt64) { self.ordinal = ordinal }
    }

    /// Random changes, compared with a dictionary. Nothing is lost while the table may grow.
    @Test func isADictionaryWhileThereIsRoom() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        var table = OrdinalTable<Box>()
        var model: [UInt64: Box] = [:]
        for _ in 0..<20_000 {
            let ordinal = UInt64.random(in: 1...3_000, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                table.forget(ordinal)
                model[ordinal] = nil
            case 1:
                let box = Box(ordinal)
                table.set(box, for: ordinal, mostPlaces: 1 << 20)
                model[ordinal] = box
            default: break
            }
            #expect(table.value(of: ordinal) === model[ordinal], "seed \(seed)")
        }
    }

    @Test func whoWasAskedForStaysWhenThereIsNoRoom() {
        let limit = 64
        var table = OrdinalTable<Box>()
        func keep(_ ordinal: UInt64) { table.set(Box(ordinal), for: ordinal, mostPlaces: limit) }
        func isKept(_ ordinal: UInt64) -> Bool { table.value(of: ordinal)?.ordinal == ordinal }
        let regulars = 1...20 as ClosedRange<UInt64>
        for ordinal in regulars { keep(ordinal) }
        // Many pass by, and nobody asks for them again.
        let strangers = 1_000..<3_000 as Range<UInt64>
        for stranger in strangers {
            for ordinal in regulars { #expect(isKept(ordinal), "\(ordinal) after \(stranger)") }
            keep(stranger)
        }
        let kept = strangers.count { isKept($0) }
        #expect(kept > 0 && kept <= limit, "\(kept) of the strangers are still there")
    }
}
