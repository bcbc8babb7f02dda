internal import Basics
internal import Model
internal import Testing

@Suite struct MeterUnitTests {
    private static func meter(places: Int) -> UInt64 {
        var measure = Measure()
        measure.places = places == 0 ? nil : places
        return Meter(ordinal: 7, eventSubtype: "e", measure: measure).id.ordinal
    }

    /// Columns: quantity, places, count; the quantity of that count, and its whole units, as shown and as begun.
    @Test(
        arguments: rows(
            """
            0         | 3 | 0          | 0     | 0  | 0
            1.25      | 3 | 1250       | 1.25  | 1  | 2
            1         | 3 | 1000       | 1     | 1  | 1
            0.0004    | 3 | 0          | 0     | 0  | 0
            -1.25     | 3 | -1250      | -1.25 | -1 | -1
            7         | 0 | 7          | 7     | 7  | 7
            0.000000001 | 9 | 1        | 0.000000001 | 0 | 1
            """))
    func `a count is of the meter's unit`(row: [String]) throws {
        let places = try #require(Int(row[1]))
        let meter = Self.meter(places: places)
        #expect(MeterUnit.places(ofMeter: meter) == places)
        let quantity = try #require(Decimal(row[0]))
        let count = try #require(MeterUnit.count(quantity, places: places))
        #expect(count == Int64(row[2]))
        #expect(MeterUnit.quantity(count, ofMeter: meter).description == row[3])
        #expect(MeterUnit.whole(count, ofMeter: meter) == Int64(row[4]))
        #expect(MeterUnit.begun(count, ofMeter: meter) == Int64(row[5]))
    }

    @Test func `what does not fit is nil, and kinds and units are told apart`() throws {
        #expect(MeterUnit.count(try #require(Decimal("9223372036854775808")), places: 0) == nil)
        #expect(MeterUnit.count(9_223_372_037, places: 9) == nil)
        for aggregation in Aggregation.allCases where aggregation.isAdditive || aggregation == .max {
            for places in 0...9 {
                var measure = Measure(aggregation)
                measure.places = places == 0 ? nil : places
                let meter = Meter(ordinal: 5, eventSubtype: "e", measure: measure).id.ordinal
                #expect(MeterUnit.places(ofMeter: meter) == places)
                #expect(MeterKind(ofMeter: meter) == (aggregation == .max ? .greatest : .additive))
                #expect(MeterKind.unpacked(MeterKind.packed(meter)) == meter)
            }
        }
    }
}
