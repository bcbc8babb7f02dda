internal import Rating
internal import Testing

@Suite struct CommitmentTests {
    /// Columns: billed, minimum, maximum, what is missing, what is too much.
    @Test(
        arguments: rows(
            """
            0    | -    | -    | 0    | 0
            0    | 1000 | -    | 1000 | 0
            999  | 1000 | -    | 1    | 0
            1000 | 1000 | 1000 | 0    | 0
            1001 | 1000 | 1000 | 0    | 1
            5000 | -    | 3000 | 0    | 2000
            -200 | 1000 | 3000 | 1200 | 0
            -200 | -    | 0    | 0    | 0
            -9223372036854775808 | 1 | 0 | 9223372036854775807 | 0
            9223372036854775807  | 0 | 0 | 0 | 9223372036854775807
            """))
    func `a minimum is filled up, a maximum cuts off`(row: [String]) throws {
        let billed = try #require(Int64(row[0]))
        #expect(commitment(billed: billed, minimum: Int64(row[1])) == Int64(row[3]))
        #expect(excess(billed: billed, maximum: Int64(row[2])) == Int64(row[4]))
    }
}
