internal import EventScanner
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// CloudEvents, as producers for OpenMeter send them.
    ///
    /// - Parameter subjectKey: the company's key that a `subject` is a value of.
    func addCloudEvents(subjectKey: String) {
        let engine = engine
        router.on("api/v1/events", method: .post) { request, _ in
            let head = HeadFields(request.headers)
            let key = try engine.authorize(head, for: .write)
            let bytes = try await request.bytes(head, limit: BodyLimit.events, of: .ofEvents)
            let batch = try bytes.withUnsafeReadableBytes {
                try CloudEventBatch(try CloudEvents($0, request.headers), subjectKey: subjectKey)
            }
            let pending = try batch.body.withUnsafeReadableBytes {
                try engine.beginTrack(body: $0, form: .batch, in: key.environmentID, key: key)
            }
            let answer = try await pending.value()
            if batch.isOne { _ = try answer.onlyEvent() }
            return Response(Answer(.ok, events: TrackResponseData(answer: answer, refusals: batch.refusals)))
        }
    }
}

/// CloudEvents on their way to the scanner, as the body of a batch.
private struct CloudEventBatch {
    let isOne: Bool
    private var json = JSONWriter()
    /// Why some are no track events, by their index; each of them is a null in the body.
    private(set) var refusals: [Int: String] = [:]

    init(_ events: CloudEvents, subjectKey: String) throws(Refusal) {
        switch events {
        case .one(let attributes):
            isOne = true
            let event = try CloudEventTrack(attributes, subjectKey: subjectKey)
            json.array { event.write(to: &$0) }
        case .batch(let elements):
            isOne = false
            var refusals: [Int: String] = [:]
            json.array { json in
                for (index, element) in elements.enumerated() {
                    do throws(Refusal) {
                        guard case .object(let attributes) = element else {
                            throw Refusal.invalid("an event must be an object, not \(element.excerpt)")
                        }
                        try CloudEventTrack(attributes, subjectKey: subjectKey).write(to: &json)
                    } catch {
                        refusals[index] = error.message
                        json.null()
                    }
                }
            }
            self.refusals = refusals
        }
    }

    var body: ByteBuffer { json.buffer }
}
