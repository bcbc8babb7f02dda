internal import Basics
internal import NIOCore
internal import Tollgate

/// An endpoint that every request of a customer's product goes through, so that its cost is the price of metering:
/// the lane answers it on the event loop, without tasks and without Hummingbird.
struct HotRoute: Sendable {
    /// As `/metrics` names it.
    let pattern: String
    let access: Access
    let bodyLimit: Int
    /// A key in the head is looked at before the body is read; without one, only a small body is.
    let acceptsKeyInBody: Bool
    /// Runs to completion, on an event loop; what remains is to wait for the commit.
    let begin: @Sendable (HotRequest, ByteBuffer) throws -> Pending<Answer>

    init(
        pattern: String, access: Access, bodyLimit: Int, acceptsKeyInBody: Bool,
        begin: @escaping @Sendable (HotRequest, ByteBuffer) throws -> Pending<Answer>
    ) {
        self.pattern = pattern
        self.access = access
        self.bodyLimit = bodyLimit
        self.acceptsKeyInBody = acceptsKeyInBody
        self.begin = begin
    }

    /// An endpoint that reads a JSON object.
    init(_ pattern: String, _ access: Access, _ handler: @escaping @Sendable (Call) throws -> Pending<Answer>) {
        self.init(pattern: pattern, access: access, bodyLimit: BodyLimit.fields, acceptsKeyInBody: false) {
            request, body in
            try handler(try request.call(body))
        }
    }

    /// The route of a path, and the values of the path's variable parts. Empty components do not count, as in
    /// Hummingbird's router.
    static func find(_ path: String) -> (HotRoute, parameters: [(key: Substring, value: Substring)])? {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        switch parts.count {
        case 1: return single.first { parts[0].elementsEqual($0.name.utf8) }.map { ($0.route, []) }
        case 2 where parts[0].elementsEqual("usage".utf8) && parts[1].elementsEqual("consume".utf8):
            return (consume, [])
        case 3 where parts[0].elementsEqual("flags".utf8) && parts[2].elementsEqual("check".utf8):
            return (check, [("flag_id", Substring(parts[1]))])
        default: return nil
        }
    }

    private static let single: [(name: String, route: HotRoute)] = [
        ("batch", batch), ("e", browserEvent), ("events", event), ("event-batch", eventBatch),
    ]
}
