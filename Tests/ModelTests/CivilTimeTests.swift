internal import Basics
internal import Model
internal import Testing

@Suite struct CivilTimeTests {
    /// Local time in a zone, and the instant it means; the zones' own records are the source.
    @Test(
        arguments: rows(
            """
            ordinary            | Asia/Kathmandu      | 2025-01-31T00:00 | 2025-01-30T18:15Z
            spring gap          | America/New_York    | 2025-03-09T02:30 | 2025-03-09T07:30Z
            just before the gap | America/New_York    | 2025-03-09T01:59 | 2025-03-09T06:59Z
            just after the gap  | America/New_York    | 2025-03-09T03:00 | 2025-03-09T07:00Z
            twice: the first    | America/New_York    | 2025-11-02T01:30 | 2025-11-02T05:30Z
            after both          | America/New_York    | 2025-11-02T02:00 | 2025-11-02T07:00Z
            half-hour gap       | Australia/Lord_Howe | 2025-10-05T02:15 | 2025-10-04T15:45Z
            half hour twice     | Australia/Lord_Howe | 2025-04-06T01:45 | 2025-04-05T14:45Z
            no midnight         | America/Sao_Paulo   | 2018-11-04T00:00 | 2018-11-04T03:00Z
            midnight once       | America/Sao_Paulo   | 2018-02-18T00:00 | 2018-02-18T03:00Z
            hour before it, twice | America/Sao_Paulo | 2018-02-17T23:30 | 2018-02-18T01:30Z
            skipped date        | Pacific/Apia        | 2011-12-30T12:00 | 2011-12-30T22:00Z
            before it           | Pacific/Apia        | 2011-12-29T12:00 | 2011-12-29T22:00Z
            after it            | Pacific/Apia        | 2011-12-31T12:00 | 2011-12-30T22:00Z
            date twice: first   | America/Juneau      | 1867-10-18T12:00 | 1867-10-17T20:57:41Z
            """))
    func `local times become instants`(row: [String]) throws {
        let zone = try #require(Zone(row[1]))
        let local = CivilTime(utc: try instant(row[2]))
        #expect(local.instant(in: zone) == (try instant(row[3])), "\(row[0])")
    }

    @Test func `the calendar agrees with counting days one by one`() throws {
        var (year, month, day) = (1580, 1, 1)
        let first = try #require(CivilTime(year: year, month: month, day: day)).utcInstant
        let february = { (year: Int) in year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 29 : 28 }
        for index in 0..<(365 * 850) {
            let midnight = Timestamp(milliseconds: first.milliseconds + Int64(index) * 86_400_000)
            let lastMillisecond = Timestamp(milliseconds: midnight.milliseconds + 86_399_999)
            for (time, ofDay) in [(midnight, Int64(0)), (lastMillisecond, 86_399_999)] {
                let civil = CivilTime(utc: time)
                guard civil.year == year, civil.month == month, civil.day == day, civil.millisecondOfDay == ofDay,
                    civil.utcInstant == time
                else {
                    Issue.record("\(year)-\(month)-\(day) came out as \(civil)")
                    return
                }
            }
            day += 1
            let lengths = [31, february(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(year > 2400)
        #expect(CivilTime(utc: Timestamp(milliseconds: 0)) == CivilTime(year: 1970, month: 1, day: 1))
    }

    @Test(arguments: [(2025, 2, 29), (1900, 2, 29), (2025, 0, 1), (2025, 13, 1), (2025, 4, 31), (2025, 1, 0)])
    func `dates that do not exist are refused`(year: Int, month: Int, day: Int) {
        #expect(CivilTime(year: year, month: month, day: day) == nil)
    }

    @Test(
        arguments: rows(
            """
            2024-01-31 | 1   | 2024-02-29
            2023-01-31 | 1   | 2023-02-28
            2024-02-29 | 12  | 2025-02-28
            2024-02-29 | -12 | 2023-02-28
            2024-03-31 | -1  | 2024-02-29
            2024-12-15 | 1   | 2025-01-15
            2024-01-15 | -1  | 2023-12-15
            2024-01-31 | 15  | 2025-04-30
            """))
    func `months are added with the day cut to the month`(row: [String]) throws {
        let months = try #require(Int(row[1]))
        #expect(CivilTime(utc: try instant(row[0])).adding(months: months).utcInstant == (try instant(row[2])))
    }

    @Test(arguments: [
        "", "utc", "PST", "IST", "japan", "GMT+5", "GMT+05:30", "america/new_york", "Mars/Base", "../etc/passwd",
        "Asia/",
        " UTC",
        "America/New_York ",
    ])
    func `names that are not IANA locations are refused`(name: String) {
        #expect(Zone(name) == nil)
    }

    @Test(arguments: [
        "UTC", "GMT", "Etc/UTC", "Asia/Kolkata", "Asia/Calcutta", "US/Eastern", "America/Argentina/Ushuaia",
        "EST", "EST5EDT", "Japan", "NZ-CHAT", "Zulu",
    ])
    func `IANA names and their older spellings are kept as given`(name: String) {
        #expect(Zone(name)?.name == name)
    }
}
