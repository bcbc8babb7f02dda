internal import Basics
internal import EventScanner
internal import HTTPTypes
internal import Model
internal import NIOCore
internal import Tollgate

extension Routes {
    func addEvents() {
        get("events") { call in
            let page = try call.query.page()
            let filter = try call.query.eventFilter()
            return try call.answer { view in
                try view.reading.events(filter, offset: page.offset, limit: page.limit)
                    .map { EventDetailResponseData(event: $0, view: view) }
            }
        }
        get("events/:event_id") { call in
            let id: Identifier<RecordedEvent> = try call.id("event_id")
            return try call.answer { view in
                guard let event = try view.reading.event(id) else { throw Refusal.missing("event_id", id.description) }
                return EventDetailResponseData(event: event, view: view)
            }
        }
    }
}

extension HotRoute {
    static let batch = HotRoute(events: "/batch", .batch) { answer, _ in
        Answer(.ok, events: TrackResponseData(answer: answer))
    }
    static let browserEvent = HotRoute(events: "/e", .single) { answer, _ in
        _ = try answer.onlyEvent()
        return Answer(.ok, events: TrackResponseData(answer: answer))
    }
    static let eventBatch = HotRoute(events: "/event-batch", .batch, .use) { answer, origin in
        Answer(.created, events: RawEventBatchResponseData(answer: answer, origin: origin))
    }
    static let event = HotRoute(events: "/events", .single) { answer, origin in
        let event = RawEventFields(event: try answer.onlyEvent(), origin: origin)
        return Answer(.created, events: RawEventResponseData(event: event, answer: answer))
    }

    /// An endpoint of events: their bytes go to the scanner as they came. The key may be in the events.
    private init(
        events pattern: String, _ form: EventForm, _ access: Access = .capture,
        answer: @escaping @Sendable (TrackAnswer, EventOrigin) throws -> Answer
    ) {
        self.init(pattern: pattern, access: access, bodyLimit: BodyLimit.events, acceptsKeyInBody: true) {
            request, body in
            let isLines = request.head.contentType?.lowercased().hasPrefix("application/x-ndjson") ?? false
            return try body.withUnsafeReadableBytes { bytes in
                let key =
                    try request.caller?.key
                    ?? request.engine.authorize(EventKey.find(in: bytes), request.head, for: access)
                return try request.engine.beginTrack(
                    body: bytes, form: form == .batch && isLines ? .ndjson : form, in: key.environmentID, key: key
                ).map { try answer($0, EventOrigin(request)) }
            }
        }
    }
}

/// The `api_key` that browser SDKs put into their events, having no header.
private enum EventKey {
    static func find(in bytes: UnsafeRawBufferPointer) throws -> String {
        guard case .object(let body) = try JSONParser.parse(bytes) else { throw missing }
        var events = [body]
        if case .array(let elements)? = body["events"] {
            events += elements.map { element in
                if case .object(let event) = element { event } else { [:] }
            }
        }
        let keys = Set(events.compactMap { $0["api_key"] })
        guard case .string(let key)? = keys.first else { throw missing }
        guard keys.count == 1 else {
            throw Unauthorized(message: "the events of one request must carry the same api_key")
        }
        return key
    }

    private static var missing: Unauthorized {
        Unauthorized(message: "an API key is missing: send it as X-Schematic-Api-Key or as api_key in the event")
    }
}

extension TrackAnswer {
    /// Where one event is sent, an unusable one is the request's fault.
    func onlyEvent() throws(Refusal) -> Captured {
        if let rejected = rejected.first { throw .invalid(rejected.error) }
        guard let captured = events.first, let captured else { throw .invalid("the body has no event") }
        return captured
    }
}

extension Query {
    fileprivate func eventFilter() throws(Refusal) -> EventFilter {
        var filter = EventFilter()
        filter.company = try optional("company_id")
        filter.user = try optional("user_id")
        filter.subtype = try optional("event_subtype")
        filter.idempotencyKey = try optional("idempotency_key")
        filter.types = Set(try list("event_types") ?? [])
        return filter
    }
}

extension EventType: FieldValue {
    static var expectation: String { "one of " + allCases.map(\.name).joined(separator: ", ") }

    init?(json: JSON) {
        guard case .string(let name) = json, let type = Self.allCases.first(where: { $0.name == name }) else {
            return nil
        }
        self = type
    }
}

extension EventOrigin {
    fileprivate init(_ request: HotRequest) {
        self.init(remoteAddress: request.remoteAddress, userAgent: request.head.userAgent ?? "")
    }
}

extension Answer {
    /// An answer to events: their body is not read as JSON, so it is not echoed.
    init(_ status: HTTPResponse.Status, events data: some JSONWritable) {
        var json = JSONWriter()
        json.object {
            $0.field("data", data)
            $0.field("params") { $0.object { _ in } }
        }
        self.init(status, json)
    }
}
