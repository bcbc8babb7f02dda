internal import Tollgate
internal import ArgumentParser

/// How a command prints rows.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people.
    case table
    /// An array of objects; amounts in minor units, as on the wire.
    case json
    /// RFC 4180 with a header line; amounts as decimals.
    case csv
}

struct FormatOption: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: "table for people; json with amounts in minor units, as the API has them; csv with decimal amounts.")
    var format = OutputFormat.table
}

/// Rows of cells under named columns.
struct Table {
    enum Cell {
        case text(String)
        case number(Int64)
        case money(Money)
        case time(Timestamp)
        case none
    }

    let columns: [String]
    private(set) var rows: [[Cell]] = []

    init(_ columns: String...) {
        self.columns = columns
    }

    mutating func append(_ row: Cell...) {
        precondition(row.count == columns.count, "a row has one cell for each of \(columns.count) columns")
        rows.append(row)
    }

    func text(_ format: OutputFormat) -> String {
        switch format {
        case .table: aligned
        case .json: json
        case .csv: csv
        }
    }
}

// MARK: - For people

extension Table {
    /// Columns as wide as their widest cell, numbers to the right.
    var aligned: String {
        let cells = rows.map { $0.map(\.forPeople) }
        let widths = columns.indices.map { column in
            cells.reduce(columns[column].count) { max($0, $1[column].count) }
        }
        let isNumeric = columns.indices.map { column in rows.contains { $0[column].isNumeric } }
        func line(_ cells: [String]) -> String {
            var text = ""
            for (column, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                text += (column == 0 ? "" : "  ") + (isNumeric[column] ? padding + cell : cell + padding)
            }
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return ([line(columns), rule] + cells.map(line)).joined(separator: "\n")
    }
}

extension Table.Cell {
    fileprivate var isNumeric: Bool {
        switch self {
        case .number, .money: true
        case .text, .time, .none: false
        }
    }

    fileprivate var forPeople: String {
        switch self {
        case .text(let text): text
        case .number(let number): number.grouped
        case .money(let money): money.description
        case .time(let time): time.rfc3339
        case .none: "–"
        }
    }
}

// MARK: - For programs

extension Table {
    private var csv: String {
        let lines = [columns] + rows.map { $0.map(\.forSpreadsheets) }
        return lines.map { $0.map(Self.quoted).joined(separator: ",") }.joined(separator: "\n")
    }

    private static func quoted(_ field: String) -> String {
        guard field.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return field }
        return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }

    private var json: String {
        let objects = rows.map { row in
            "{" + zip(columns, row).map { "\(JSONText.quoted($0)): \($1.asJSON)" }.joined(separator: ", ") + "}"
        }
        return objects.isEmpty ? "[]" : "[\n  " + objects.joined(separator: ",\n  ") + "\n]"
    }
}

extension Table.Cell {
    fileprivate var forSpreadsheets: String {
        switch self {
        case .text(let text): text
        case .number(let number): String(number)
        case .money(let money): money.description.prefix { $0 != " " }.filter { $0 != "," }
        case .time(let time): time.rfc3339
        case .none: ""
        }
    }

    fileprivate var asJSON: String {
        switch self {
        case .text(let text): JSONText.quoted(text)
        case .number(let number): String(number)
        case .money(let money): String(money.minorUnits)
        case .time(let time): JSONText.quoted(time.rfc3339)
        case .none: "null"
        }
    }
}

enum JSONText {
    /// A JSON string, RFC 8259 section 7.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case ..<" ":
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
