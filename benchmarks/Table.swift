/// Rows of text in columns, the first row being the head.
enum Table {
    static func text(_ rows: [[String]]) -> String {
        // A column in which no row says anything is left out.
        let columns = rows[0].indices.filter { column in rows.dropFirst().contains { !$0[column].isEmpty } }
        let widths = columns.map { column in rows.map { $0[column].count }.max()! }
        return rows.map { row in
            let cells = zip(columns, widths).map { row[$0] + String(repeating: " ", count: $1 - row[$0].count) }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    /// With three significant digits, or as a whole number with its thousands apart.
    static func number(_ value: Double) -> String {
        var places = 0
        while places < 3, abs(value) * power(places) < 100, value != 0 { places += 1 }
        let scaled = Int64((value * power(places)).rounded())
        guard places > 0 else { return grouped(scaled) }
        let digits = String(scaled.magnitude)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return (scaled < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
    }

    private static func power(_ places: Int) -> Double { (0..<places).reduce(1) { power, _ in power * 10 } }

    private static func grouped(_ value: Int64) -> String {
        var digits = Array(String(value.magnitude))
        for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
        return (value < 0 ? "-" : "") + String(digits)
    }
}
