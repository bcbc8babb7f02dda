import Basics
import TestSupport

/// Types that between them use every way in which `Codable` can ask for a container.
struct Shapes: Codable, Hashable {
    var plan: String
    var seats: UInt16
    var delta: Int8
    var micros: Int128
    var share: Double
    var ratio: Float
    var isActive: Bool
    var note: String?
    var parent: Int?
    var blob: [UInt8]
    var digest: [UInt8]?
    var at: Timestamp
    var tier: Tier
    var event: Event
    var events: [Event]
    var limits: [String: Int64]
    var byMonth: [Int: [String: Bool]]
    var gaps: [Int?]
    var matrix: [[UInt64]]
    var empty: Empty
    var envelope: Envelope
    var tree: Tree

    struct Empty: Codable, Hashable {}

    enum Tier: String, Codable, CaseIterable { case free, pro, enterprise }

    enum Event: Codable, Hashable {
        case opened
        case counted(Int, unit: String?)
        indirect case undone(Event)
    }
}

final class Tree: Codable, Hashable {
    let name: String
    let children: [Tree]

    init(_ name: String, _ children: [Tree] = []) {
        self.name = name
        self.children = children
    }

    static func == (left: Tree, right: Tree) -> Bool { left.name == right.name && left.children == right.children }
    func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// Written by hand: nested containers of both kinds, `super` with and without a key, null, mixed elements.
struct Envelope: Codable, Hashable {
    var kind: String
    var low: Int
    var high: Int
    var base: [String]
    var named: UInt64

    enum Keys: CodingKey { case list, range, named, nothing }
    enum RangeKeys: CodingKey { case low, high }

    init(kind: String, low: Int, high: Int, base: [String], named: UInt64) {
        (self.kind, self.low, self.high, self.base, self.named) = (kind, low, high, base, named)
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Keys.self)
        var list = fields.nestedUnkeyedContainer(forKey: .list)
        var range = fields.nestedContainer(keyedBy: RangeKeys.self, forKey: .range)
        let late = fields.superEncoder()
        try list.encode(kind)
        try range.encode(high, forKey: .high)
        try list.encodeNil()
        var pair = list.nestedUnkeyedContainer()
        try range.encode(low, forKey: .low)
        try pair.encode(low)
        var inner = list.nestedContainer(keyedBy: RangeKeys.self)
        try inner.encode(high, forKey: .high)
        try base.encode(to: list.superEncoder())
        try named.encode(to: fields.superEncoder(forKey: .named))
        try base.encode(to: late)
        try fields.encodeNil(forKey: .nothing)
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Keys.self)
        let range = try fields.nestedContainer(keyedBy: RangeKeys.self, forKey: .range)
        var list = try fields.nestedUnkeyedContainer(forKey: .list)
        guard list.count == 5, try fields.decodeNil(forKey: .nothing), fields.allKeys.count == 4 else {
            throw DecodingError.dataCorruptedError(forKey: .list, in: fields, debugDescription: "wrong shape")
        }
        kind = try list.decode(String.self)
        low = try range.decode(Int.self, forKey: .low)
        high = try range.decode(Int.self, forKey: .high)
        guard try list.decodeNil() else {
            throw DecodingError.dataCorruptedError(in: list, debugDescription: "no null")
        }
        var pair = try list.nestedUnkeyedContainer()
        let inner = try list.nestedContainer(keyedBy: RangeKeys.self)
        base = try [String](from: list.superDecoder())
        named = try UInt64(from: fields.superDecoder(forKey: .named))
        let late = try [String](from: fields.superDecoder())
        guard try pair.decode(Int.self) == low, pair.isAtEnd, list.isAtEnd, late == base,
            try inner.decode(Int.self, forKey: .high) == high
        else { throw DecodingError.dataCorruptedError(in: list, debugDescription: "the copies differ") }
    }
}

extension Shapes {
    static func random(_ random: inout SplitMix) -> Shapes {
        Shapes(
            plan: text(&random), seats: .random(in: 0...UInt16.max, using: &random),
            delta: .random(in: -128...127, using: &random),
            micros: .random(in: Int128.min...Int128.max, using: &random) >> Int128.random(in: 0...127, using: &random),
            share: .random(in: -1...1, using: &random), ratio: .random(in: 0...9, using: &random),
            isActive: .random(using: &random),
            note: Bool.random(using: &random) ? text(&random) : nil,
            parent: Bool.random(using: &random) ? .random(in: Int.min...Int.max, using: &random) : nil,
            blob: Array(text(&random).utf8), digest: Bool.random(using: &random) ? [] : nil,
            at: Timestamp(milliseconds: .random(in: Int64.min...Int64.max, using: &random)),
            tier: .allCases.randomElement(using: &random)!, event: event(&random), events: some(&random, event),
            limits: Dictionary(some(&random) { (text(&$0), Int64($0.next() >> 1)) }) { $1 },
            byMonth: Dictionary(some(&random) { (Int(truncatingIfNeeded: $0.next()), [text(&$0): true]) }) { $1 },
            gaps: some(&random) { Bool.random(using: &$0) ? 7 : nil },
            matrix: some(&random) { some(&$0) { $0.next() } }, empty: Empty(),
            envelope: Envelope(kind: text(&random), low: -3, high: 9, base: some(&random, text), named: random.next()),
            tree: Tree("root", some(&random) { Tree(text(&$0), [Tree("leaf")]) }))
    }

    private static func event(_ random: inout SplitMix) -> Event {
        switch Int.random(in: 0...3, using: &random) {
        case 0: .opened
        case 1: .counted(Int(truncatingIfNeeded: random.next()), unit: nil)
        case 2: .counted(3, unit: text(&random))
        default: .undone(event(&random))
        }
    }

    private static func text(_ random: inout SplitMix) -> String {
        String(
            (0..<Int.random(in: 0...30, using: &random)).map { _ in "abcxyz_09 éß水𐅑".randomElement(using: &random)! })
    }

    private static func some<T>(_ random: inout SplitMix, _ make: (inout SplitMix) -> T) -> [T] {
        (0..<Int.random(in: 0...6, using: &random)).map { _ in make(&random) }
    }
}
