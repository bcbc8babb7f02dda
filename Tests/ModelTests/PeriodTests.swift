import Basics
import Model
import Testing

@Suite struct PeriodTests {
    private struct Fields: Codable {
        let start: Int64
        let end: Int64
    }

    @Test(
        "a record of one that ends before it starts, or lasts longer than spans do, is refused",
        arguments: [
            (5, 4, false), (5, 5, true), (5, 6, true), (0, .max, true), (-1, .max, false), (.min, .max, false),
            (.min, -1, true), (.max, .min, false),
        ] as [(Int64, Int64, Bool)])
    func record(start: Int64, end: Int64, isPeriod: Bool) throws {
        let record = try RecordEncoder().encode(Fields(start: start, end: end))
        let period = try? RecordDecoder().decode(Period.self, from: record)
        #expect((period != nil) == isPeriod)
        if let period { #expect(try RecordEncoder().encode(period) == record) }
    }
}
