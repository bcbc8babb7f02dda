public import Basics

/// One request that asked for a change of what is set up, and what it was answered: a line of the audit log.
///
/// Long texts are cut, answers earlier than requests, as they mostly repeat what can be read anyway. Source of the
/// fields: Schematic, `AuditLogResponseData`.
public struct AuditRecord: Identified, Sendable, Equatable {
    public static let idPrefix = "audit"
    /// Bytes of a request's URL, and of its body, that are kept.
    public static let longestRequest = 8192
    /// Bytes of an answer that are kept.
    public static let longestAnswer = 1024

    /// What was asked, by whom.
    public struct Request: Codable, Sendable, Equatable {
        public var keyID: Identifier<APIKey>
        public var method: String
        /// Path and query.
        public var url: String
        /// The collection that the path begins with, such as `companies`.
        public var resourceType: String
        /// The last id in the path.
        public var resourceID: String?
        public var body: String
        public var startedAt: Timestamp

        public init(
            keyID: Identifier<APIKey>, method: String, url: String, resourceType: String, resourceID: String?,
            body: [UInt8], startedAt: Timestamp
        ) {
            self.keyID = keyID
            self.method = method
            self.url = AuditRecord.kept(Array(url.utf8), longestRequest)
            self.resourceType = resourceType
            self.resourceID = resourceID
            self.body = AuditRecord.kept(body, longestRequest)
            self.startedAt = startedAt
        }
    }

    public struct Answer: Codable, Sendable, Equatable {
        public var status: Int
        public var body: String
        public var endedAt: Timestamp

        public init(status: Int, body: [UInt8], endedAt: Timestamp) {
            self.status = status
            self.body = AuditRecord.kept(body, longestAnswer)
            self.endedAt = endedAt
        }
    }

    public let id: Identifier<AuditRecord>
    public let request: Request
    /// Nil when the process ended before the request was answered; what it changed is changed.
    public let answer: Answer?

    public init(id: Identifier<AuditRecord>, request: Request, answer: Answer?) {
        self.id = id
        self.request = request
        self.answer = answer
    }

    /// What is no UTF-8 is repaired, also a character that the cut falls into.
    private static func kept(_ text: [UInt8], _ longest: Int) -> String {
        String(decoding: text.prefix(longest), as: UTF8.self)
    }
}
