internal import Basics
internal import Entitlements
internal import Foundation
internal import Plain
internal import Store
internal import Tollgate

/// What the engine says of a company, in the same lines as the model.
extension World {
    func state(of company: Int, keys: [String: String]) throws -> [String] {
        let id = Identifier<Model.Company>(number: company)
        return try engine.read(environment) { view in
            guard let account = try view.get(id) else { return ["company \(company) is not there"] }
            let keyTexts = account.keys.map { "\($0.name)=\($0.value)" }.sorted().joined(separator: ",")
            let zone = Self.zones.first { $0.value == account.billingProfile.timezone }?.key ?? 0
            let parts = account.assignments.map { catalog.plan($0) }
            let plan = parts.isEmpty ? "none" : parts.joined(separator: "+")
            let balance = try view.get(CustomerBalance.id(of: id))?.amount(in: .usd) ?? 0
            var lines = ["company \(company) \(keyTexts) zone \(zone) plan \(plan) balance \(balance)"]
            if let subscriptionID = account.subscriptionID, let subscription = try view.get(subscriptionID) {
                let ending = subscription.cancelAtPeriodEnd ? " ending" : ""
                let trial = subscription.status == .trialing ? " trial until \(subscription.anchor.instant)" : ""
                lines.append(
                    "subscription \(subscriptionID.number) from \(subscription.startedAt.instant) "
                        + "period \(subscription.periodIndex)\(ending)\(trial)")
            }
            for id in account.endedSubscriptionIDs {
                guard let at = try view.get(id)?.correctsAt else { continue }
                lines.append("subscription \(id.number) has ended, corrected at \(at.instant)")
            }
            for id in account.overrideIDs { lines.append("override \(id.number)") }
            return try lines + checks(of: id, keys) + holds(of: id)
        }
    }

    private func checks(of company: Identifier<Model.Company>, _ keys: [String: String]) throws -> [String] {
        let checks = try engine.checkAll(company: keys, user: nil, in: environment)
        return catalog.features.map { feature, id in
            guard let check = checks.first(where: { $0.flag.featureID == id }), check.company == company else {
                return "\(feature.key) has no check of company \(company.number)"
            }
            let entitlement = check.decision.entitlement
            let allowance =
                switch entitlement?.grant.allocation {
                case nil: "nothing"
                case .off, .on: "switch"
                case .unlimited: "unlimited"
                case .limited(let limit): "\(limit)"
                }
            let reading = entitlement?.reading
            let reset = reading?.resetsAt.map { " until \($0.instant)" } ?? ""
            return "\(feature.key) \(check.decision.value) of \(allowance) used \(reading?.usage ?? 0) "
                + "held \(reading?.held ?? 0)\(reset)"
        }
    }

    private func holds(of company: Identifier<Model.Company>) throws -> [String] {
        try durableHolds().enumerated().filter { $1.companyID == company }.map { number, hold in
            text(try engine.hold(hold.id, in: environment), number).line
        }
    }

    /// All that the store has, in the order in which they were made: a hold's number is its place.
    func durableHolds() throws -> [Model.Hold] {
        var holds: [Model.Hold] = []
        try engine.store.snapshot().forEachHold(in: environment, from: Timestamp(0)) { holds.append($0) }
        return holds
    }

    func text(_ answer: HoldAnswer, _ number: Int?) -> HoldOutcome.Numbers {
        var numbers = HoldOutcome.Numbers(quantity: Int(answer.quantity))
        numbers.number = number
        numbers.status = answer.status?.rawValue
        numbers.committed = answer.committed.map { Int($0) }
        (numbers.usage, numbers.reserved) = (Int(answer.usage), Int(answer.reserved))
        numbers.allocation = answer.allocation.map { Int($0) }
        numbers.remaining = answer.remaining.map { Int($0) }
        numbers.expiresAt = answer.expiresAt?.instant
        return numbers
    }

    /// Every invoice, by company. Decoded once, and again when the record has changed.
    func invoices() throws -> [Int: [String]] {
        var found: [Int: [String]] = [:]
        var place = 0
        let prefix = StoreKey.recordPrefix(.invoice, in: environment)
        try engine.store.snapshot().forEach(.records, prefix: prefix) { _, record in
            if place == invoicesRead.count { invoicesRead.append(InvoiceRead()) }
            if !invoicesRead[place].isStill(record) { try invoicesRead[place] = read(Array(record)) }
            found[invoicesRead[place].company, default: []].append(invoicesRead[place].text)
            place += 1
            return true
        }
        return found
    }

    private func read(_ record: [UInt8]) throws -> InvoiceRead {
        let invoice = try record.withUnsafeBytes { try Model.Invoice.decoded($0) }
        return InvoiceRead(
            record: record, company: invoice.companyID.number, text: "invoice \(invoice.id.number) " + text(invoice))
    }

    func upcomingInvoice(of company: Int) throws -> String {
        let invoice = try engine.read(environment) { view in
            try view.get(Identifier<Model.Company>(number: company)).flatMap { try view.upcomingInvoice(of: $0) }
        }
        return "upcoming " + (invoice.map(text) ?? "none")
    }

    private func text(_ invoice: Model.Invoice) -> String {
        let number = invoice.number.map { " number \(Int($0.dropFirst(4))!)" } ?? ""
        let lines = invoice.lines.map { line in
            let feature = line.featureID.map { " " + catalog.key($0) } ?? ""
            return "\(line.type.rawValue)\(feature) \(line.quantity)=\(line.amount) "
                + "\(line.period.start.instant)-\(line.period.end.instant)"
        }
        return "of \(invoice.subscriptionID.number) \(invoice.status.rawValue)\(number) "
            + "\(invoice.period.start.instant)-\(invoice.period.end.instant) final \(invoice.finalizesAt.instant) "
            + "total \(invoice.total) balance \(invoice.amountFromBalance) "
            + "paid \(invoice.amountPaid - invoice.amountFromBalance) credited \(invoice.credits?.total ?? 0) "
            + "left \(invoice.amountRemaining): "
            + lines.sorted().joined(separator: " + ")
    }

    /// How many companies and users there are.
    func population() throws -> [Int] {
        let snapshot = try engine.store.snapshot()
        return try [RecordKind.company, .user].map { kind in
            var count = 0
            try snapshot.forEach(.records, prefix: StoreKey.recordPrefix(kind, in: environment)) { _, _ in
                count += 1
                return true
            }
            return count
        }
    }

    /// Billed, corrected, unbilled and metered units, as `verify` adds them up.
    func conservation() throws -> PlainModel.Conservation {
        let report = try engine.verify()
        guard report.isClean else { throw UnexpectedProblem(description: report.differences.joined(separator: "; ")) }
        var sums = PlainModel.Conservation()
        sums.billed = Int(report.billed)
        sums.corrected = Int(report.corrected)
        sums.unbilled = Int(report.unbilled)
        sums.metered = Int(report.metered)
        return sums
    }
}

/// An invoice as it was stored when it was last looked at.
struct InvoiceRead {
    var record: [UInt8] = []
    var company = 0
    var text = ""

    func isStill(_ bytes: UnsafeRawBufferPointer) -> Bool {
        record.withUnsafeBytes { $0.count == bytes.count && memcmp($0.baseAddress!, bytes.baseAddress!, $0.count) == 0 }
    }
}
