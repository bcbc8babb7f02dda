import Basics
import Model
import Testing

@testable import API

@Suite struct RateLimiterTests {
    /// Keys 1 and 2 may make 2 writes and 4 reads a second.
    @Test func ratesHoldForEachKeyAndKind() {
        let table = """
            ms    key access  admitted
            0     1   write   yes
            0     1   write   yes
            0     1   write   no
            0     2   write   yes
            0     1   read    yes
            0     1   company yes
            0     1   read    yes
            0     1   read    yes
            0     1   company no
            499   1   write   no
            500   1   write   yes
            500   1   write   no
            1000  1   write   yes
            1000  1   use     yes
            1000  1   check   yes
            1000  1   capture yes
            1000  1   write   no
            9000  1   write   yes
            9000  1   write   yes
            9000  1   write   no
            """
        let limiter = RateLimiter(RequestRates(writes: 2, reads: 4))
        let start = ContinuousClock.now
        let accesses: [Substring: Access] = [
            "write": .write, "read": .read, "company": .company, "use": .use, "check": .check, "capture": .capture,
        ]
        for row in table.split(separator: "\n").dropFirst() {
            let words = row.split(separator: " ")
            let at = start + .milliseconds(Int(words[0])!)
            let isAdmitted =
                (try? limiter.admit(Identifier(ordinal: UInt64(words[1])!), accesses[words[2]]!, at: at)) != nil
            #expect(isAdmitted == (words[3] == "yes"), "\(row)")
        }
    }

    @Test func thereIsNoLimitUnlessAsked() throws {
        let limiter = RateLimiter(RequestRates())
        for _ in 0..<10_000 { try limiter.admit(Identifier(ordinal: 1), .write, at: .now) }
    }
}
