internal import Basics
internal import Crypto
internal import Model
internal import Rating
internal import Store

extension Invoice {
    /// Makes the lines that follow from the charges anew: as the charges are now, by the terms of the day of issue.
    ///
    /// A line that follows as before keeps its id, so an invoice that was a draft is the same as one that never was.
    mutating func deriveLines(_ transaction: Transaction) throws {
        guard terms != nil || lines.indices.contains(where: { lines[$0].hasBounds }) else { return }
        var before = lines.filter(\.isDerived)
        lines = charges
        for derived in try derivedLines(from: lines, terms) {
            let source = derived.source.map { lines[$0] }
            let derivation = LineDerivation(
                from: source?.id, coupon: derived.isByCoupon ? terms?.discount?.couponID : nil,
                taxRate: derived.rate.flatMap { terms?.taxRates[$0] }, tax: derived.tax)
            let old = before.firstIndex { $0.type == derived.type && $0.derivation?.isLike(derivation) == true }
            var line = InvoiceLine(
                id: old.map { before.remove(at: $0).id } ?? transaction.newID(), type: derived.type,
                description: description(of: derived, source), planID: (source ?? lines[0]).planID,
                versionID: (source ?? lines[0]).versionID, quantity: 1, unitAmount: nil, amount: derived.amount,
                period: source?.period ?? period)
            line.featureID = source?.featureID
            line.featureKey = source?.featureKey
            line.entitlementID = source?.entitlementID
            line.derivation = derivation
            lines.append(line)
        }
    }

    private func description(of derived: DerivedLine, _ source: InvoiceLine?) -> String {
        switch derived.type {
        case .commitment: "\(source?.description ?? ""): minimum"
        case .tax: "\(source?.description ?? ""): \(terms?.taxRates[derived.rate ?? 0].name ?? "")"
        default:
            if !derived.isByCoupon {
                "\(source?.description ?? ""): above the maximum"
            } else if let source {
                "\(source.description): \(terms?.discount?.name ?? "")"
            } else {
                terms?.discount?.name ?? ""
            }
        }
    }

    /// Seals the invoice, which is final and has its number, with the seal of the one before it. Answers its record.
    mutating func chain(_ transaction: Transaction) throws -> [UInt8] {
        let record = seal(after: try transaction.lastSeal(), hash: sealHash)
        if let seal { transaction.setLastSeal(seal.digest) }
        return record
    }
}

extension Invoice {
    /// Whether its seal is the one that belongs to its content.
    package var isSealIntact: Bool {
        guard let seal else { return true }
        return digest(after: seal.previous, hash: sealHash) == seal.digest
    }
}

private func sealHash(_ previous: InvoiceDigest?, _ content: UnsafeRawBufferPointer) -> InvoiceDigest {
    var hash = SHA256()
    (previous ?? .zero).withBytes { hash.update(bufferPointer: $0) }
    hash.update(bufferPointer: content)
    guard let digest = hash.finalize().withUnsafeBytes({ InvoiceDigest($0) }) else {
        preconditionFailure("SHA-256 has 32 bytes")
    }
    return digest
}

extension InvoiceLine {
    fileprivate var hasBounds: Bool { usageBasis.map { $0.minimum != nil || $0.maximum != nil } ?? false }
}

extension LineDerivation {
    /// The same but for the amount.
    fileprivate func isLike(_ other: LineDerivation) -> Bool {
        lineID == other.lineID && couponID == other.couponID && taxRate == other.taxRate
    }
}
