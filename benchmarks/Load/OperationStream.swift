/// One event or request: everything about it follows from its number.
struct Operation {
    /// A number without pattern, another one for each operation.
    private let random: UInt64
    let company: UInt64
    let quantity: Int64

    /// Of a random company, unless it is named.
    init(_ number: UInt64, companies: UInt64, company: UInt64? = nil) {
        random = Self.mixed(number)
        self.company = company ?? random.multipliedFullWidth(by: companies).high
        quantity = Int64(number % 7) + 1
    }

    /// 36 bytes that look random and never repeat: 32 hexadecimal digits with hyphens between them.
    func writeKey(to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        let low = Self.mixed(random)
        let groups = (Self.hex(random >> 32), Self.hex(random), Self.hex(low >> 32), Self.hex(low))
        // 8-4-4-4-12: the groups of eight digits, parted by hyphens where a UUID has them.
        bytes.storeBytes(of: groups.0, toByteOffset: offset, as: UInt64.self)
        bytes[offset + 8] = 0x2D
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: groups.1), toByteOffset: offset + 9, as: UInt32.self)
        bytes[offset + 13] = 0x2D
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: groups.1 >> 32), toByteOffset: offset + 14, as: UInt32.self)
        bytes[offset + 18] = 0x2D
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: groups.2), toByteOffset: offset + 19, as: UInt32.self)
        bytes[offset + 23] = 0x2D
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: groups.2 >> 32), toByteOffset: offset + 24, as: UInt32.self)
        bytes.storeBytes(of: groups.3, toByteOffset: offset + 28, as: UInt64.self)
    }

    /// Eight digits, two numbers of four at once, then four of two, then eight of one.
    func writeCompany(to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        let fours = company / 10_000 | (company % 10_000) << 32
        let hundreds = (fours &* 10_486) >> 20 & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- hundreds &* 100) << 16
        let tens = (twos &* 103) >> 10 & 0x000F_000F_000F_000F
        let ones = tens | (twos &- tens &* 10) << 8
        bytes.storeBytes(of: ones | 0x3030_3030_3030_3030, toByteOffset: offset, as: UInt64.self)
    }

    var key: String {
        String(unsafeUninitializedCapacity: 36) { bytes in
            writeKey(to: UnsafeMutableRawBufferPointer(bytes), at: 0)
            return 36
        }
    }

    /// A bijection without visible pattern, so that different numbers make different keys.
    private static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// The lower 32 bits as eight hexadecimal digits, all made at once.
    private static func hex(_ number: UInt64) -> UInt64 {
        var nibbles = number & 0xFFFF_FFFF
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ isLetter &* 39
    }
}

/// The operations that one client asks for, one after another, and the sum of what it has asked for.
struct OperationStream: Sendable {
    private let companies: UInt64
    /// The company of the next operation, where they come in order.
    private var inOrder: UInt64?
    private var number: UInt64
    private(set) var count = 0
    /// The sum of the quantities.
    private(set) var units: Int64 = 0

    /// - Parameters:
    ///   - client: no two clients of one store may have the same number, as their keys would be the same.
    ///   - first: makes the companies come in order, from this one on; without it they are random.
    init(client: Int, companies: Int, inOrderFrom first: Int? = nil) {
        precondition(companies <= 100_000_000, "companies are named by eight digits")
        self.companies = UInt64(companies)
        inOrder = first.map(UInt64.init)
        number = UInt64(client) << 40
    }

    mutating func next() -> Operation {
        let operation = Operation(number, companies: companies, company: inOrder.map { $0 % companies })
        if let company = inOrder { inOrder = company + 1 }
        number += 1
        count += 1
        units += operation.quantity
        return operation
    }
}
