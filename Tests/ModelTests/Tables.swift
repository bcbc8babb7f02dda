internal import Basics
internal import Model
internal import Testing

/// The rows of a text table: one a line, cells between bars, spaces around them do not count.
func rows(_ table: String) -> [[String]] {
    table.split(separator: "\n").map { line in
        line.split(separator: "|", omittingEmptySubsequences: false).map { cell in
            String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}

/// `2025-01-31`, `2025-01-31T15:00Z` or `2025-01-31T15:00:00Z`, in UTC.
func instant(_ text: String) throws -> Timestamp {
    let numbers = text.split { "-T:Z".contains($0) }.compactMap { Int($0) } + [0, 0, 0]
    let milliseconds = Int64(numbers[3] * 3600 + numbers[4] * 60 + numbers[5]) * 1000
    let civil = CivilTime(year: numbers[0], month: numbers[1], day: numbers[2], millisecondOfDay: milliseconds)
    return try #require(civil, "\(text) is a date and time").utcInstant
}

/// A period as `start … end` in UTC.
func period(_ start: String, _ end: String) throws -> Period {
    Period(start: try instant(start), end: try instant(end))
}

/// A fresh seed for each run, so that every run looks elsewhere; on failure put the printed one here to see it again.
let seed = UInt64.random(in: 0 ... .max)
