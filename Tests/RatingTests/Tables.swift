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

func decimal(_ text: some StringProtocol) throws -> Decimal {
    try #require(Decimal(String(text)), "\(text) is a decimal")
}

/// A price as tables write it, amounts in minor units: `each 0.25`, `500 free, then 1`,
/// `graduated ≤5 @700, ≤10 @650 +200, rest @600` (or `volume …`); `at zero` before the tiers sets the flag. `10 for 1500`
/// are packages, rounded up unless `down` follows; with `50 above` in front the first 50 units are not counted.
func priceModel(_ text: String) throws -> PriceModel {
    let words = text.split { $0 == " " || $0 == "," }
    if words[0] == "each" { return .perUnit(unit: try decimal(words[1])) }
    if words[1] == "free" { return .overage(included: try decimal(words[0]), unit: try decimal(words[3])) }
    if words[1] == "above" {
        return .above(
            free: try decimal(words[0]), try priceModel(words.dropFirst(2).joined(separator: " ")))
    }
    if words[1] == "for" {
        let size = try #require(Int64(words[0]))
        return .package(size: size, rounding: words.last == "down" ? .down : .up, unit: try decimal(words[2]))
    }
    var tiers: [PriceTier] = []
    for word in words.dropFirst() {
        switch word.first {
        case "≤": tiers.append(PriceTier(upTo: try decimal(word.dropFirst())))
        case "r": tiers.append(PriceTier(upTo: nil))
        case "@":
            let tier = tiers.removeLast()
            tiers.append(PriceTier(upTo: tier.upTo, unitAmount: try decimal(word.dropFirst())))
        case "+":
            let tier = tiers.removeLast()
            let flatAmount = try decimal(word.dropFirst())
            tiers.append(PriceTier(upTo: tier.upTo, unitAmount: tier.unitAmount, flatAmount: flatAmount))
        default: #expect(word == "at" || word == "zero", "\(word) in \(text)")
        }
    }
    let flatAtZero = text.contains("at zero")
    return words[0] == "volume"
        ? .volume(tiers: tiers, flatAtZero: flatAtZero) : .graduated(tiers: tiers, flatAtZero: flatAtZero)
}

/// A fresh seed for each run, so that every run looks elsewhere; on failure put the printed one here to see it again.
let seed = UInt64.random(in: 0 ... .max)
