internal import Basics
internal import Entitlements
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addChecks() {
        post("flags/:flag_id/check-and-reserve", .use) { call in
            try await call.checkAndReserve()
        }
        post("flags/check", .check) { call in
            call.answer(try call.checkAll(call.body), .created)
        }
        post("flags/check-bulk", .check) { call in
            let contexts = try call.body.requiredObjects("contexts")
            guard contexts.count <= Self.maximumContexts else {
                throw Refusal.invalid(
                    "contexts has \(contexts.count) elements, at most \(Self.maximumContexts) are allowed")
            }
            return call.answer(
                CheckFlagsBulkResponseData(data: try contexts.map { try call.checkAll($0) }), .created)
        }
    }

    private static let maximumContexts = 100
}

extension Call {
    fileprivate func checkAndReserve() async throws -> Answer {
        let context = try CheckContext(body)
        let quantity: Decimal = try body.optional("quantity") ?? 1
        guard quantity.scale == 0, let units = Int64(exactly: quantity.coefficient) else {
            throw Refusal.invalid("quantity must be a whole number, not \(quantity)")
        }
        let request = try CheckAndReserveRequest(
            flag: path["flag_id"], company: context.company, user: context.user, quantity: units,
            preflight: context.preflight, expiresAt: try body.optional("expires_at"),
            idempotencyKey: try body.optional("idempotency_key"))
        let json = try await engine.beginCheckAndReserve(request, in: environment) { check, hold in
            var json = JSONWriter()
            CheckAndReserveFlagResponseData(check: check, hold: hold).write(to: &json)
            return json.text
        }.value()
        return answer(WrittenJSON(text: json))
    }
}

extension HotRoute {
    static let check = HotRoute("/flags/{flag_id}/check", .check) { call in
        let context = try CheckContext(call.body)
        try call.requireOwn(company: context.company, user: context.user)
        let check = try call.engine.check(
            call.path["flag_id"], company: context.company, user: context.user, preflight: context.preflight,
            in: call.environment)
        return Pending(call.answer(CheckFlagResponseData(check: check)))
    }
}

/// Who a check is about, and what it may assume.
private struct CheckContext {
    let company: [String: String]?
    let user: [String: String]?
    let preflight: Preflight

    init(_ fields: Fields) throws(Refusal) {
        company = try fields.optional("company")
        user = try fields.optional("user")
        guard let preflight = try fields.object("preflight") else {
            self.preflight = .none
            return
        }
        var eventUsage: Preflight.EventUsage?
        if let event = try preflight.object("event_usage") {
            eventUsage = Preflight.EventUsage(
                event: try event.required("event_subtype"), quantity: try event.required("quantity"))
        }
        self.preflight = try Preflight(
            usage: try preflight.optional("usage") ?? 0, eventUsage: eventUsage, fits: try preflight.optional("fits"))
    }
}

extension Call {
    fileprivate func checkAll(_ fields: Fields) throws -> CheckFlagsResponseData {
        let context = try CheckContext(fields)
        try requireOwn(company: context.company, user: context.user)
        let checks = try engine.checkAll(
            company: context.company, user: context.user, preflight: context.preflight, in: environment)
        let companyID = checks.first?.company
        let plan = try companyID.flatMap { id in
            try engine.read(environment) { view in
                try view.get(id).flatMap { company in
                    try company.plan.flatMap { try view.get($0.planID) }.map { ($0, company.trials.last) }
                }
            }
        }
        return CheckFlagsResponseData(checks: checks, plan: plan)
    }
}
