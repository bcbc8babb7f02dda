import Basics
import Billing
import Catalog
import EventScanner
import Foundation
import Model
import Store
import Synchronization
import TestSupport
import Testing
import Tollgate

@Suite("Features that measure more than the sum of their events' quantities")
struct MeasureTests {
    /// Random events, late ones, corrections, backfill and repetitions among them, restarts and commits that fail:
    /// after each round every window, bill and history is what a look at every single event says.
    @Test("are exact beside a model that keeps every event", arguments: [1, 2] as [UInt64])
    func random(seed: UInt64) async throws {
        print("seed \(seed)")
        var life = try await MeasureLife(seed: seed)
        for round in 0..<10 {
            for _ in 0..<6 { try await life.track() }
            if round % 5 == 2 { try await life.fail() }
            if round % 6 == 3 { try await life.shop.reopen() }
            try life.compare()
            try await life.pass()
            try life.compare()
        }
        try life.shop.expectVerified()
        try await life.shop.reopen()
        try life.compare()
        #expect(life.model.events.count > 130)
    }
}

/// A shop whose features measure one event in many ways, and the plain model beside it.
private struct MeasureLife {
    static let measures: [(name: String, measure: Measure)] = [
        ("bytes", measure(.sum, value: "bytes")),
        ("large", measure(.sum, [TraitFilter(trait: "bytes", operator: .gte, values: [.number("5e1")])])),
        ("fine", measure(.count, [TraitFilter(trait: "status", operator: .eq, values: [.string("ok")])])),
        ("odd", measure(.count, [TraitFilter(trait: "status", operator: .ne, values: [.string("ok")])])),
        (
            "peak",
            measure(
                .max, value: "bytes",
                [TraitFilter(trait: "zone", operator: .isIn, values: [.string("eu"), .string("us")])])
        ),
        ("last", measure(.latest, value: "bytes")),
        ("users", measure(.uniqueCount, unique: "user")),
        (
            "busy",
            measure(.uniqueCount, unique: "zone", [TraitFilter(trait: "bytes", operator: .lt, values: [.number("9")])])
        ),
        ("plain", Measure()),
    ]
    static let periods: [MetricPeriod] = [.allTime, .currentDay, .currentMonth]
    static let companies = ["a", "b", "c"]

    static func measure(
        _ aggregation: Aggregation, value: String? = nil, unique: String? = nil, _ filters: [TraitFilter] = []
    ) -> Measure {
        var measure = Measure(aggregation)
        (measure.valueTrait, measure.uniqueTrait, measure.filters) = (value, unique, filters)
        return measure
    }

    let shop: Workshop
    var model = MeasureModel()
    private var random: SplitMix
    /// Periods begin and end within an hour.
    private var now = at("2024-01-01T10:20:30.123Z")
    private var features: [(feature: Feature, measure: Measure, period: MetricPeriod)] = []
    private var billed: [(feature: Feature, measure: Measure)] = []
    private var known: [String: Company] = [:]
    private var sent: [String] = []
    private let failing = Flag()

    final class Flag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    init(seed: UInt64) async throws {
        random = SplitMix(seed: seed)
        var options = Workshop.options
        // Each shard is folded every few commits.
        options.journalTailBytes = 64 << 9
        let failing = failing
        options.commitProbe = { stage in
            if stage == .halfWritten, failing.isSet.load(ordering: .relaxed) { throw StoreFailure("as the test wants") }
        }
        shop = try await Workshop(options: options)
        for (name, measure) in Self.measures {
            for period in Self.periods {
                features.append((try await feature("\(name)-\(period)", measure), measure, period))
            }
            billed.append((try await feature("\(name)-billed", measure), measure))
        }
        let plan = try await shop.plan(
            "Pro", monthly: 100,
            features.map { ($0.feature, .limit(50, $0.period)) }
                + billed.map { ($0.feature, .payAsYouGo(cents: 1)) })
        try await shop.setClock(now.rfc3339)
        for _ in 0..<4 { try await track() }
        for company in Self.companies { known[company] = try await shop.company(company, on: plan) }
    }

    private func feature(_ name: String, _ measure: Measure) async throws -> Feature {
        var create = CreateFeature(name: name, description: "", type: .event)
        create.eventSubtype = "calls"
        create.measure = measure
        return try await shop.run(create)
    }

    private mutating func pick<T>(_ choices: [T]) -> T { choices.randomElement(using: &random)! }

    mutating func pass() async throws {
        now =
            now
            + TimeSpan(
                milliseconds: pick([1, 60_000, 7_200_000, 90_000_000, 600_000_000])
                    * Int64.random(in: 1...3, using: &random))
        try await shop.setClock(now.rfc3339)
        // Their keys may have left the window.
        sent = []
    }

    /// Sends some events in one request, some of them for the second time.
    mutating func track() async throws {
        var texts: [String] = []
        var events: [MeasureModel.Event] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            if !sent.isEmpty, pick([true, false, false, false]) {
                texts.append(pick(Array(sent.suffix(5))))
                continue
            }
            let (event, text) = makeEvent(key: "k\(model.events.count + events.count)-\(random.next())")
            events.append(event)
            texts.append(text)
        }
        let answer = try await send(texts)
        #expect(answer.accepted == events.count && answer.rejected.isEmpty, "\(answer.rejected)")
        model.events += events
        sent = texts.suffix(5)
    }

    /// Sends events whose commit fails, and then some of them again, which succeed.
    mutating func fail() async throws {
        failing.isSet.store(true, ordering: .relaxed)
        let made = (0..<5).map { _ in makeEvent(key: "f\(random.next())") }
        await #expect(throws: StoreFailure.self) { try await send(made.map(\.text)) }
        failing.isSet.store(false, ordering: .relaxed)
        try compare()
        #expect(try await send(made.prefix(3).map(\.text)).accepted == 3)
        model.events += made.prefix(3).map(\.event)
    }

    private mutating func makeEvent(key: String) -> (event: MeasureModel.Event, text: String) {
        var traits: [String: String] = [:]
        let values = [
            "bytes": ["0", "7", "50", "51", "120", "-20", "null", "\"many\"", "999"],
            "status": ["\"ok\"", "\"o\\u006b\"", "\"failed\"", "null", "true"],
            "zone": ["\"eu\"", "\"us\"", "\"as\"", "[\"eu\"]"],
            "user": ["1", "\"1\"", "2", "\"ada\"", "\"grace\"", "null", "\"\(random.next() % 30)\""],
        ]
        for (name, values) in values.sorted(by: { $0.key < $1.key }) where pick([true, true, true, false]) {
            traits[name] = pick(values)
        }
        let kind = pick(["now", "now", "late", "late", "backfill"])
        let back = Int64.random(in: 0...pick([5, 3_600_000, 86_400_000, 2_900_000_000]), using: &random)
        let effective = kind == "now" ? now : now - TimeSpan(milliseconds: back)
        let company = pick(Self.companies)
        let quantity = pick([1, 1, 3, 70, -2] as [Int64])
        let fields = traits.sorted { $0.key < $1.key }.map { "\"\($0)\" : \($1)" }.joined(separator: ", ")
        var text =
            #"{"type":"track","idempotency_key":"\#(key)","body":{"event":"calls","company":{"id":"\#(company)"},"#
            + #""quantity":\#(quantity),"traits":{"nested":{"bytes":[5,"}"],"user":9},\#(fields.isEmpty ? "" : fields + ",")"x":1.5}}"#
        if kind != "now" { text += #","sent_at":"\#(effective.rfc3339)""# }
        if kind == "late" { text += #","trusted_client_clock":true"# }
        if kind == "backfill" { text += #","backfill":true"# }
        let event = MeasureModel.Event(
            company: company, effective: effective.milliseconds, isBackfill: kind == "backfill", quantity: quantity,
            traits: traits.mapValues { $0 == "\"o\\u006b\"" ? "\"ok\"" : $0 })
        return (event, text + "}")
    }

    private func send(_ texts: [String]) async throws -> TrackAnswer {
        try await shop.send("[" + texts.joined(separator: ",") + "]")
    }

    /// Every number that can be asked for beside the model's.
    func compare(_ location: SourceLocation = #_sourceLocation) throws {
        try shop.engine.read(shop.environment) { view in
            for (name, company) in known {
                for (feature, measure, period) in features {
                    let window = UsageWindow(period, at: now)
                    let expected = model.value(
                        measure, of: name, from: window.start?.milliseconds ?? .min,
                        to: window.end?.milliseconds ?? .max)
                    let usage = try view.featureUsage(of: company, feature: feature)
                    #expect(usage?.usage == expected, "\(feature.name) of \(name)", sourceLocation: location)
                    let isOn = try shop.check(feature.name.lowercased().replacing("_", with: "-"), name)
                    #expect(isOn == (expected < 50), "\(feature.name) of \(name)", sourceLocation: location)
                }
                let subscription = try #require(
                    try view.list(Subscription.self, limit: 10) { $0.companyID == company.id }.first)
                for (feature, measure) in billed {
                    let expected = model.value(
                        measure, of: name, from: subscription.period.start.milliseconds,
                        to: subscription.period.end.milliseconds, billed: true)
                    let usage = try view.featureUsage(of: company, feature: feature)
                    #expect(usage?.billedUsage == expected, "\(feature.name) of \(name)", sourceLocation: location)
                }
            }
            try compareHistory(view, location)
        }
    }

    private func compareHistory(_ view: ReadView, _ location: SourceLocation) throws {
        let end = UsageWindow(.currentDay, at: now).end!
        let range = Period(start: end - .days(40), end: end)
        for (feature, measure) in billed {
            for (name, company) in known {
                let shown = try view.usageHistory(
                    features: [feature], companies: [company.id], in: range, by: .daily, offset: 0, limit: 400)
                var expected: [Int64: Int64] = [:]
                for day in 0..<Int64(40) {
                    let start = range.start + .days(day)
                    let sum = model.value(
                        measure, of: name, from: start.milliseconds, to: (start + .days(1)).milliseconds)
                    if sum != 0 { expected[start.milliseconds] = sum }
                }
                let found = Dictionary(uniqueKeysWithValues: shown.map { ($0.period.start.milliseconds, $0.usage) })
                #expect(found == expected, "\(feature.name) of \(name)", sourceLocation: location)
            }
        }
    }
}

extension Workshop {
    /// Sends a body of events with a secret key.
    @discardableResult
    func send(_ text: String, form: EventForm = .batch, kind: APIKey.Kind = .secret) async throws -> TrackAnswer {
        let body = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
        defer { body.deallocate() }
        body.copyBytes(from: text.utf8)
        let key = APIKey(
            id: Identifier(ordinal: 1), environmentID: environment, name: "k", kind: kind, readonly: false,
            hash: [], createdAt: at("2024-01-01T00:00:00Z"))
        return try await engine.track(body: UnsafeRawBufferPointer(body), form: form, in: environment, key: key)
    }
}
