import Basics
import Model
import TestSupport
import Testing

/// Records that nouns write themselves: what is read back is what was written, and no bytes trap.
@Suite struct PackedTests {
    private static let seeds = [1, UInt64.random(in: 2...UInt64.max)]

    /// Every type that packs itself, from one seed.
    private func nouns(_ seed: UInt64) -> [any Noun] {
        var random = RandomNouns(seed: seed)
        return (0..<30).flatMap { _ -> [any Noun] in
            [random.invoice(), random.subscription(), random.company(), random.hold()]
        }
    }

    @Test("what is packed is unpacked equal, and packs to the same bytes", arguments: seeds)
    func roundTrip(seed: UInt64) throws {
        func check<N: Noun>(_ noun: N) throws {
            let again = try noun.packed.withUnsafeBytes { try N(packed: $0) }
            #expect(try RecordEncoder().encode(again) == RecordEncoder().encode(noun))
            #expect(again.packed == noun.packed)
        }
        for noun in nouns(seed) { try check(noun) }
    }

    @Test("any CBOR tool reads a packed record", arguments: seeds)
    func isCBOR(seed: UInt64) throws {
        for noun in nouns(seed) {
            _ = try RecordDecoder().decode(AnyItems.self, from: noun.packed)
            try noun.packed.withUnsafeBytes { bytes in
                var reader = RecordReader(bytes)
                try reader.skip()
                try reader.finish()
            }
        }
    }

    @Test("what billing needs of a company is read from records of any age", arguments: seeds)
    func companyBilling(seed: UInt64) throws {
        var random = RandomNouns(seed: seed)
        func check(_ record: [UInt8]) throws -> Bool {
            guard let company = try? record.withUnsafeBytes({ try Company(packed: $0) }) else { return false }
            let billing = try record.withUnsafeBytes { try CompanyBilling(packed: $0) }
            #expect(billing.profile.packed == company.billingProfile.packed)
            #expect(billing.scheduledCheckoutID == company.scheduledCheckoutID)
            return true
        }
        for _ in 0..<10 {
            let record = random.company().packed
            #expect(try check(record))
            // The same with fewer fields, as it was packed before there were more: wherever that is a record.
            for fields in 14...17 {
                let shorter = try (1...record.count).count { end in
                    try check([0x80 | UInt8(fields)] + record[1..<end])
                }
                #expect(shorter == 1, "with \(fields) fields")
            }
        }
    }

    @Test("a seal holds while an invoice is paid, credited or voided, and for nothing else", arguments: seeds)
    func seals(seed: UInt64) throws {
        var random = RandomNouns(seed: seed)
        var texts: Set<[UInt8]> = []
        /// Not a good hash, but one that tells what it is given.
        func hash(_ previous: InvoiceDigest?, _ content: UnsafeRawBufferPointer) -> InvoiceDigest {
            texts.insert(Array(content))
            return InvoiceDigest([UInt8](repeating: UInt8(truncatingIfNeeded: texts.count), count: 32))!
        }
        for _ in 0..<30 {
            texts = []
            var invoice = random.invoice()
            (invoice.status, invoice.settlements, invoice.credits) = (.open, [], nil)
            invoice.finalizedAt = invoice.updatedAt
            let record = invoice.seal(after: nil, hash: hash)
            #expect(record == invoice.packed)
            let later = random.invoice()
            (invoice.status, invoice.settlements, invoice.credits) = (later.status, later.settlements, later.credits)
            invoice.updatedAt = later.updatedAt
            _ = invoice.digest(after: nil, hash: hash)
            #expect(texts.count == 1)
            invoice.number = "another"
            _ = invoice.digest(after: nil, hash: hash)
            #expect(texts.count == 2)
        }
    }

    @Test("bytes that end early or go on are refused, and changed ones never trap", arguments: seeds)
    func damage(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        func check<N: Noun>(_ noun: N) {
            let bytes = noun.packed
            for count in 0..<bytes.count {
                #expect(throws: MalformedRecord.self) {
                    try bytes[..<count].withUnsafeBytes { try N(packed: $0) }
                }
            }
            #expect(throws: MalformedRecord.self) { try (bytes + [0]).withUnsafeBytes { try N(packed: $0) } }
            for _ in 0..<300 {
                var changed = bytes
                changed[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                guard let read = try? changed.withUnsafeBytes({ try N(packed: $0) }) else { continue }
                #expect((try? read.packed.withUnsafeBytes { try N(packed: $0) }) != nil)
            }
        }
        for noun in nouns(seed).prefix(12) { check(noun) }
    }
}

private typealias Noun = Packed & Codable

/// Any CBOR item at all: its form is checked, nothing is kept.
private struct AnyItems: Decodable {
    init(from decoder: any Decoder) throws { _ = try decoder.unkeyedContainer() }
}
