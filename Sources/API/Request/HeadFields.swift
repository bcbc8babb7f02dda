internal import HTTPTypes
internal import NIOHTTP1

/// The fields of a request's head that decide on it, from either form in which a head comes.
///
/// A field that occurs twice is its values with a comma between them.
struct HeadFields: Sendable {
    private(set) var apiKey: String?
    private(set) var authorization: String?
    private(set) var environmentID: String?
    private(set) var contentEncoding: String?
    private(set) var contentLength: String?
    private(set) var contentType: String?
    private(set) var expect: String?
    private(set) var userAgent: String?

    init(_ headers: HTTPFields) {
        apiKey = headers[.apiKey]
        authorization = headers[.authorization]
        environmentID = headers[.environmentID]
        contentEncoding = headers[.contentEncoding]
        contentLength = headers[.contentLength]
        contentType = headers[.contentType]
        expect = headers[.expect]
        userAgent = headers[.userAgent]
    }

    /// In one pass, as most fields of most requests are others.
    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 6 where name.isField("expect"): Self.add(value, to: &expect)
            case 10 where name.isField("user-agent"): Self.add(value, to: &userAgent)
            case 12 where name.isField("content-type"): Self.add(value, to: &contentType)
            case 13 where name.isField("authorization"): Self.add(value, to: &authorization)
            case 14 where name.isField("content-length"): Self.add(value, to: &contentLength)
            case 16 where name.isField("content-encoding"): Self.add(value, to: &contentEncoding)
            case 19 where name.isField("x-schematic-api-key"): Self.add(value, to: &apiKey)
            case 26 where name.isField("x-schematic-environment-id"): Self.add(value, to: &environmentID)
            default: continue
            }
        }
    }

    private static func add(_ value: String, to field: inout String?) {
        field = field.map { "\($0), \(value)" } ?? value
    }

    /// The API key in the head; nil when there is none.
    var secret: String? {
        if let apiKey, !apiKey.isEmpty { return apiKey }
        guard let parts = authorization?.split(separator: " "), parts.count == 2, parts[0].lowercased() == "bearer"
        else { return nil }
        return String(parts[1])
    }

    /// Bodies are read as they come.
    func refuseCompressed() throws {
        if let contentEncoding, contentEncoding.lowercased() != "identity" {
            throw UnsupportedEncoding(encoding: contentEncoding)
        }
    }

    /// The length that a body will have; nil where that is not said.
    var announcedLength: Int? { contentLength.flatMap { Int($0) } }
}

extension HTTPField.Name {
    static let apiKey = HTTPField.Name("X-Schematic-Api-Key")!
    static let environmentID = HTTPField.Name("X-Schematic-Environment-Id")!
}

extension String {
    /// Whether this field name is the one that `name` is in small letters.
    fileprivate func isField(_ name: StaticString) -> Bool {
        let letters = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return utf8.elementsEqual(letters) { $0 | 0x20 == $1 }
    }
}
