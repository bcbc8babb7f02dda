internal import Basics
internal import Model
internal import Tollgate

/// What became of a request of events: the counters that all event endpoints answer with.
struct TrackResponseData: WireObject {
    let answer: TrackAnswer
    /// What was wrong with events before they were read as such, by index.
    var refusals: [Int: String] = [:]

    func writeFields(to json: inout JSONWriter) {
        json.field("accepted", answer.accepted)
        json.field("duplicates", answer.duplicates)
        json.field("conflicts", answer.conflicts)
        json.field("rejected") { json in
            json.array { json in
                for rejected in answer.rejected {
                    json.object {
                        $0.field("index", rejected.index)
                        $0.field("error", refusals[rejected.index] ?? rejected.error)
                    }
                }
            }
        }
        json.field("late") { json in
            json.array { json in
                for late in answer.late {
                    json.object {
                        $0.field("index", late.index)
                        $0.field("effect", late.effect)
                    }
                }
            }
        }
    }
}

/// Where a request of events came from; the vendor's REST endpoints show it with each event.
struct EventOrigin {
    let remoteAddress: String
    let userAgent: String
}

/// One accepted event, as `RawEventResponseData` says it.
struct RawEventFields {
    let event: TrackAnswer.Captured
    let origin: EventOrigin

    func writeFields(to json: inout JSONWriter) {
        json.field("event_id", event.id)
        json.field("captured_at", event.at)
        json.field("remote_ip", origin.remoteAddress)
        json.field("remote_addr", origin.remoteAddress)
        json.field("user_agent", origin.userAgent)
    }
}

/// The answer to `/event-batch`: the accepted events, and the counters.
struct RawEventBatchResponseData: WireObject {
    let answer: TrackAnswer
    let origin: EventOrigin

    func writeFields(to json: inout JSONWriter) {
        json.field("events") { json in
            json.array { json in
                for event in answer.events.compactMap({ $0 }) {
                    json.object {
                        RawEventFields(event: event, origin: origin).writeFields(to: &$0)
                    }
                }
            }
        }
        TrackResponseData(answer: answer).writeFields(to: &json)
    }
}

/// The answer to `POST /events`: the one event, and the counters.
struct RawEventResponseData: WireObject {
    let event: RawEventFields
    let answer: TrackAnswer

    func writeFields(to json: inout JSONWriter) {
        event.writeFields(to: &json)
        TrackResponseData(answer: answer).writeFields(to: &json)
    }
}

struct EventDetailResponseData: WireObject {
    let event: RecordedEvent
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let features = view.all(Feature.self) { $0.eventSubtype != nil && $0.eventSubtype == event.subtype }
        json.field("id", event.id)
        json.field("type", event.type.name)
        json.field("subtype", event.subtype)
        json.field("status", event.isFailed ? "failed" : "processed")
        json.field("environment_id", view.environment.id)
        json.field("company_id", event.company)
        json.field("company", event.company.flatMap { preview(view.get($0)) })
        json.field("user_id", event.user)
        json.field("user", event.user.flatMap { preview(view.get($0)) })
        json.field("quantity", event.quantity)
        json.field("idempotency_key", event.idempotencyKey)
        json.field("body") { writeBody(to: &$0) }
        json.field("body_preview", event.subtype ?? event.type.name)
        json.field("feature_ids", features.map(\.id))
        json.field("features", features.map { PreviewObject(id: $0.id.description, name: $0.name) })
        json.field("captured_at", event.capturedAt)
        json.field("effective_at", event.effectiveAt)
        json.field("processed_at", event.capturedAt)
    }

    /// A track event's fields are kept apart, of its body only the traits; other bodies are kept whole.
    private func writeBody(to json: inout JSONWriter) {
        let stored = event.json.isEmpty ? Array("{}".utf8) : event.json
        guard event.type == .track else { return json.raw(stored) }
        json.object { json in
            json.field("event", event.subtype)
            json.field("quantity", event.quantity)
            json.field("traits") { $0.raw(stored) }
        }
    }

    private func preview(_ company: Company?) -> PreviewObject? {
        company.map { PreviewObject(id: $0.id.description, name: $0.name) }
    }

    private func preview(_ user: User?) -> PreviewObject? {
        user.map { PreviewObject(id: $0.id.description, name: $0.name) }
    }
}
