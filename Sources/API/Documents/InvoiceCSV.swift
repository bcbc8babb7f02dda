internal import Basics
internal import Model

extension Invoice {
    /// The lines as RFC 4180, with a heading. Amounts are minor units.
    ///
    /// Texts that a spreadsheet would take for a formula begin with an apostrophe.
    var csv: String {
        var rows = [
            [
                "invoice_id", "number", "status", "currency", "line_id", "line_type", "description", "feature_key",
                "quantity", "unit_amount", "amount", "tax", "period_start", "period_end", "applies_to_line_id",
                "corrects_line_id",
            ]
        ]
        for line in lines {
            rows.append([
                id.description, number ?? "", status.rawValue, currency.code, line.id.description, line.type.wireName,
                Self.harmless(line.description), Self.harmless(line.featureKey ?? ""), line.quantity.description,
                line.unitAmount?.description ?? "", "\(line.amount)", line.derivation?.tax.map { "\($0)" } ?? "",
                line.period.start.rfc3339, line.period.end.rfc3339, line.derivation?.lineID?.description ?? "",
                line.correctsLineID?.description ?? "",
            ])
        }
        return rows.map { $0.map(Self.quoted).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func harmless(_ text: String) -> String {
        text.first.map { "=+-@\t\r".contains($0) } ?? false ? "'" + text : text
    }

    private static func quoted(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
