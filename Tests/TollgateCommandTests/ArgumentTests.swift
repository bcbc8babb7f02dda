import Testing
import Tollgate

@testable import TollgateCommand

@Suite struct ArgumentTests {
    @Test(arguments: [
        ("90s", 90_000), ("15m", 900_000), ("24h", 86_400_000), ("35d", 3_024_000_000), ("0d", nil), ("-1d", nil),
        ("24", nil), ("d", nil), ("", nil), ("1.5h", nil), ("99999999999999999999d", nil),
    ])
    func `lengths of time`(text: String, milliseconds: Int64?) {
        #expect(SpanArgument(argument: text)?.span.milliseconds == milliseconds)
    }

    @Test(arguments: [("512M", 512 << 20), ("2G", 2 << 30), ("0M", 0), ("2", nil), ("G", nil), ("", nil), ("-1G", nil)])
    func `amounts of memory`(text: String, bytes: Int?) {
        #expect(BytesArgument(argument: text)?.count == bytes)
    }
}
