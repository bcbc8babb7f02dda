internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Store
internal import Tollgate

/// One authorised request, read: what a route translates into a command or a question, and its answer back.
struct Call {
    let engine: Engine
    let caller: Caller
    let path: PathParameters
    let query: Query
    let body: Fields
    /// Of a request that the audit log records.
    var trail: AuditTrail?

    var key: APIKey { caller.key }
    var environment: EnvironmentID { key.environmentID }

    func execute<C: Command>(_ command: C) async throws -> C.Outcome {
        try await engine.execute(command, in: environment, for: trail)
    }

    // MARK: - Answers

    /// `{"data": …, "params": …}`; the latter are the body's fields, the query's that were asked for, and the path's.
    func answer(_ data: some JSONWritable, _ status: HTTPResponse.Status = .ok) -> Answer {
        var json = JSONWriter(capacity: 1024)
        json.object {
            $0.field("data", data)
            $0.field("params", params)
        }
        return Answer(status, json)
    }

    /// An answer made from one consistent state.
    func answer(
        _ status: HTTPResponse.Status = .ok, reading make: (WireView) throws -> some JSONWritable
    ) throws -> Answer {
        try engine.read(environment) { reading in
            let view = WireView(reading)
            let answer = answer(try make(view), status)
            if let failure = view.failure { throw failure }
            return answer
        }
    }

    func deleted() -> Answer {
        answer(DeleteResponse())
    }

    private var params: [String: JSON] {
        body.values.merging(query.echo) { $1 }.merging(path.echo) { $1 }
    }

    // MARK: - What the path names

    /// The id in the path. What does not read as one cannot exist.
    func id<Noun: Identified>(_ name: String) throws(Refusal) -> Identifier<Noun> {
        let text = path[name]
        guard let id = Identifier<Noun>(text) else { throw .missing(name, text) }
        return id
    }

    /// The record that the path names.
    func found<N: Record>(_ name: String, in view: WireView) throws -> N {
        let id: Identifier<N> = try id(name)
        guard let record = try view.reading.get(id) else { throw Refusal.missing(name, id.description) }
        return record
    }
}

extension Refusal {
    /// Nothing has the id that a parameter such as `plan_version_id` names.
    static func missing(_ parameter: String, _ id: String) -> Refusal {
        let noun = parameter.dropLast(parameter.hasSuffix("_id") ? 3 : 0).map { $0 == "_" ? " " : String($0) }.joined()
        return .notFound("there is no \(noun) \(JSON.string(id).excerpt)")
    }
}

/// The variable parts of a route's path.
struct PathParameters {
    let values: [String: String]
    /// The value of the last one.
    private(set) var last: String?

    init(_ parameters: some Sequence<(key: Substring, value: Substring)>) {
        var values: [String: String] = [:]
        for (name, value) in parameters {
            // What is not percent-encoded UTF-8 stays as it came, and then names nothing.
            last = FormText.decode(value, plusIsSpace: false) ?? String(value)
            values[String(name)] = last
        }
        self.values = values
    }

    subscript(name: String) -> String {
        guard let value = values[name] else { preconditionFailure("the route has no parameter \(name)") }
        return value
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    var echo: [String: JSON] { values.mapValues(JSON.string) }
}
