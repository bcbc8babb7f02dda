internal import Basics
internal import Model

/// There is one account in a store; it has no record of its own.
enum Account {
    static let id = "acct_11111111111"
    static let name = "Tollgate"
}

struct CountResponse: WireObject {
    let count: Int

    func writeFields(to json: inout JSONWriter) {
        json.field("count", count)
    }
}

struct DeleteResponse: WireObject {
    func writeFields(to json: inout JSONWriter) {
        json.field("deleted", true)
    }
}

/// Something by name only: `PreviewObject`, `PreviewObjectResponseData`, `GenericPreviewObject`.
struct PreviewObject: WireObject {
    let id: String
    let name: String
    var description: String?

    func writeFields(to json: inout JSONWriter) {
        json.field("id", id)
        json.field("name", name)
        json.field("description", description)
    }
}
