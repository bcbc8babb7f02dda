import Basics
import Catalog
import Entitlements
import Model
import Tollgate

/// Does what a line of a test's table says, and answers in words: the tables of `HoldTests` read as a specification.
///
/// `reserve NAME QUANTITY [SECONDS]`, `commit NAME QUANTITY`, `release NAME`, `show NAME`, `consume QUANTITY`,
/// `track QUANTITY`, `settle NAME QUANTITY [KEY [EVENT [COMPANY]]]`, `cas NAME QUANTITY [KEY]`, `set TEXT`, `trait`,
/// `check`, `fits QUANTITY`, `wait SECONDS`, `reopen`.
final class HoldDesk {
    let shop: Workshop
    /// What is used up; events have its name.
    let feature: String
    private(set) var holds: [String: Identifier<Hold>] = [:]

    init(_ shop: Workshop, _ feature: String = "calls") {
        self.shop = shop
        self.feature = feature
    }

    /// Answers the lines whose answer is another one than the table says.
    func mistakes(in table: String) async throws -> [String] {
        var mistakes: [String] = []
        for line in table.split(separator: "\n") {
            let row = line.split(separator: "|").map { $0.trimmed }
            let answer = try await answer(to: row[0])
            if answer != row[1] { mistakes.append("\(row[0]) | \(answer)") }
        }
        return mistakes
    }

    private func answer(to line: String) async throws -> String {
        let words = line.split(separator: " ").map(String.init)
        if line == "reopen" {
            try await shop.reopen()
            return "ok"
        }
        do {
            return try await carryOut(words[0], Array(words.dropFirst()))
        } catch let refusal as Refusal {
            return "\(refusal.kind): \(refusal.message)"
                .replacing(holds[words.count > 1 ? words[1] : ""]?.description ?? "-", with: "it")
        }
    }

    private func carryOut(_ verb: String, _ words: [String]) async throws -> String {
        let (engine, environment, company) = (shop.engine, shop.environment, ["id": "acme"])
        switch verb {
        case "reserve":
            var request = ReserveRequest(company: company, feature: feature, quantity: Int64(words[1])!)
            if words.count > 2 { request.expiresAt = engine.now(in: environment) + .seconds(Int64(words[2])!) }
            let answer = try await engine.reserve(request, in: environment)
            holds[words[0]] = answer.id
            return text(answer)
        case "commit":
            return text(try await engine.commit(hold(words[0]), quantity: Int64(words[1])!, in: environment))
        case "release": return text(try await engine.release(hold(words[0]), in: environment))
        case "show": return text(try engine.hold(hold(words[0]), in: environment))
        case "consume":
            let answer = try await shop.consume(feature, "acme", Int64(words[0])!)
            return (answer.allowed ? "yes" : "no") + ", \(answer.usage)+\(answer.reserved) of "
                + "\(text(answer.allocation)) left \(text(answer.remaining))"
        case "track":
            try await shop.track(feature, "acme", Int64(words[0])!)
            return "ok"
        case "settle":
            var event = UsageEvent(
                company: words.count > 4 ? ["id": words[4]] : company, event: words.count > 3 ? words[3] : feature,
                quantity: Int64(words[1])!)
            event.reservationID = hold(words[0])
            if words.count > 2, words[2] != "-" { event.idempotencyKey = words[2] }
            let answer = try await engine.track([event], in: environment)
            return answer.rejected.first?.error ?? (answer.duplicates > 0 ? "duplicate" : "ok")
        case "cas":
            let request = try CheckAndReserveRequest(
                flag: feature, company: company, user: nil, quantity: Int64(words[1])!, preflight: .none,
                expiresAt: nil, idempotencyKey: words.count > 2 ? words[2] : nil)
            let answer = try engine.beginCheckAndReserve(request, in: environment) { check, hold in
                let limit = check.decision.matchedLimit
                let numbers = limit.map { ", \($0.usage) of \($0.allocation)" } ?? ""
                let rule = check.decision.rule?.type.rawValue ?? "none"
                return "\(check.decision.value) by \(rule)\(numbers), held \(hold?.quantity ?? 0)"
                    + (hold.map { "#\($0.id)" } ?? "")
            }
            let text = try await answer.value().split(separator: "#")
            if text.count > 1 { holds[words[0]] = Identifier(String(text[1])) }
            return String(text[0])
        case "set":
            var set = SetTrait(entity: .company, keys: company, trait: "used")
            set.set = words[0]
            try await shop.run(set)
            return "ok"
        case "trait":
            let traits = try engine.read(environment) { try $0.company(keys: company)!.traits }
            return traits.value(at: ["used"])?.text ?? "none"
        case "check":
            let check = try engine.check(feature, company: company, user: nil, in: environment)
            let reading = check.decision.entitlement?.reading
            return "\(check.decision.value), \(reading?.usage ?? 0)+\(reading?.held ?? 0)"
        case "fits":
            let preflight = try Preflight(fits: Int64(words[0])!)
            let check = try engine.check(feature, company: company, user: nil, preflight: preflight, in: environment)
            return "\(check.decision.value)"
        case "wait":
            let now = engine.now(in: environment) + .seconds(Int64(words[0])!)
            try await engine.setTestClock(now, in: environment)
            return "ok"
        default: preconditionFailure("\(verb) is no verb of the table")
        }
    }

    /// One that is not there, when nothing was held under the name.
    private func hold(_ name: String) -> Identifier<Hold> { holds[name] ?? Identifier(ordinal: 1) }

    private func text(_ answer: HoldAnswer) -> String {
        let status = answer.status.map { "\($0.rawValue)" } ?? "no"
        let committed = answer.committed.map { "\($0) of " } ?? ""
        return "\(status) \(committed)\(answer.quantity), \(answer.usage)+\(answer.reserved) of "
            + "\(text(answer.allocation)) left \(text(answer.remaining))"
    }

    private func text(_ number: Int64?) -> String { number.map { "\($0)" } ?? "any" }
}

extension Substring {
    fileprivate var trimmed: String {
        String(self[(firstIndex { $0 != " " } ?? endIndex)...].reversed().drop { $0 == " " }.reversed())
    }
}
