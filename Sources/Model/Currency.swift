/// An ISO 4217 currency: its lower-case code and how many places its minor unit has.
///
/// Source of the exponents: ISO 4217 list one. Funds and metals without a minor unit are left out, nothing is billed
/// in them.
public struct Currency: Hashable, Sendable {
    /// Three lower-case letters, as on the wire: `usd`.
    public let code: String
    /// Places of the minor unit: 0, 2, 3 or 4.
    public let exponent: Int

    /// Nil for anything but the lower-case code of a known currency.
    public init?(_ code: String) {
        guard let exponent = exponents[code] else { return nil }
        self.code = code
        self.exponent = exponent
    }

    public static let usd = Currency("usd")!
}

extension Currency: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let code = try container.decode(String.self)
        guard let currency = Currency(code) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(code)\" is not a lower-case ISO 4217 currency code")
        }
        self = currency
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(code)
    }
}

private let codesByExponent: KeyValuePairs<Int, String> = [
    0: "bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf",
    2: """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob bov brl bsd btn bwp byn bzd cad cdf che chf \
    chw cny cop cou crc cuc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl hrk \
    htg huf idr ils inr irr jmd kes kgs khr kpw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr \
    mwk mxn mxv myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp \
    sle sll sos srd ssp std stn svc syp szl thb tjs tmt top try ttd twd tzs uah usd usn uyu uzs ved ves wst xcd xcg \
    yer zar zmw zwg zwl
    """,
    3: "bhd iqd jod kwd lyd omr tnd",
    4: "clf uyw",
]

private let exponents: [String: Int] = codesByExponent.reduce(into: [:]) { table, row in
    for code in row.value.split(separator: " ") { table[String(code)] = row.key }
}
