/// A noun that is addressed by an id, with the prefix that its ids carry on the wire.
public protocol Identified {
    static var idPrefix: String { get }
}

/// The id of one noun: a small integer inside, `comp_3bTKVfV6GD1` outside.
///
/// Ordinals count up from 1 for each kind, so they sort by age, index tables and fit in registers. The text form is a
/// fixed permutation of the ordinal in 11 base-58 digits: ids look unrelated, and text ↔ ordinal needs no lookup.
/// An id is a name, not a secret: access is decided by the API key.
public struct Identifier<Noun: Identified>: Hashable, Comparable, Sendable {
    public let ordinal: UInt64

    public init(ordinal: UInt64) {
        self.ordinal = ordinal
    }

    /// Reads the wire form; nil when the prefix or the digits are not those of this noun.
    public init?(_ text: String) {
        let prefix = Noun.idPrefix
        guard text.hasPrefix(prefix), text.utf8.count == prefix.utf8.count + 1 + Base58.width else { return nil }
        let digits = text.utf8.dropFirst(prefix.utf8.count)
        guard digits.first == UInt8(ascii: "_"), let value = Base58.decode(digits.dropFirst()) else { return nil }
        ordinal = Permutation.inverse(value)
    }

    public static func < (left: Identifier, right: Identifier) -> Bool {
        left.ordinal < right.ordinal
    }
}

extension Identifier: CustomStringConvertible {
    public var description: String {
        Noun.idPrefix + "_" + Base58.encode(Permutation.forward(ordinal))
    }
}

extension Identifier: Codable {
    public init(from decoder: any Decoder) throws {
        ordinal = try decoder.singleValueContainer().decode(UInt64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(ordinal)
    }
}

/// Eleven base-58 digits hold any 64-bit number.
private enum Base58 {
    static let width = 11
    static let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
    static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, digit) in alphabet.enumerated() { table[Int(digit)] = UInt8(value) }
        return table
    }()

    static func encode(_ number: UInt64) -> String {
        var digits = [UInt8](repeating: 0, count: width)
        var rest = number
        for place in stride(from: width - 1, through: 0, by: -1) {
            digits[place] = alphabet[Int(rest % 58)]
            rest /= 58
        }
        return String(decoding: digits, as: UTF8.self)
    }

    static func decode(_ digits: some Sequence<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            let value = values[Int(digit)]
            guard value != 255 else { return nil }
            let (shifted, overflowed) = number.multipliedReportingOverflow(by: 58)
            let (sum, carried) = shifted.addingReportingOverflow(UInt64(value))
            guard !overflowed, !carried else { return nil }
            number = sum
        }
        return number
    }
}

/// A fixed one-to-one scramble of 64-bit numbers: a Feistel network of four rounds.
///
/// The constants are part of the store's format: changing them would rename everything.
private enum Permutation {
    static let roundKeys: [UInt32] = [0x9E37_79B9, 0x85EB_CA6B, 0xC2B2_AE35, 0x27D4_EB2F]

    static func forward(_ number: UInt64) -> UInt64 {
        var left = UInt32(truncatingIfNeeded: number >> 32)
        var right = UInt32(truncatingIfNeeded: number)
        for key in roundKeys {
            (left, right) = (right, left ^ mix(right, key))
        }
        return UInt64(left) << 32 | UInt64(right)
    }

    static func inverse(_ number: UInt64) -> UInt64 {
        var left = UInt32(truncatingIfNeeded: number >> 32)
        var right = UInt32(truncatingIfNeeded: number)
        for key in roundKeys.reversed() {
            (left, right) = (right ^ mix(left, key), left)
        }
        return UInt64(left) << 32 | UInt64(right)
    }

    private static func mix(_ half: UInt32, _ key: UInt32) -> UInt32 {
        var value = half &+ key
        value = (value ^ (value >> 16)) &* 0x7FEB_352D
        value = (value ^ (value >> 15)) &* 0x846C_A68B
        return value ^ (value >> 16)
    }
}
