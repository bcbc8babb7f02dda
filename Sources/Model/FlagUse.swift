public import Basics

/// When a flag was last checked. Kept apart from the flag, because it changes without anybody changing the catalog.
public struct FlagUse: Codable, Sendable, Identified {
    public static let idPrefix = "fuse"

    /// Has the flag's ordinal.
    public let id: Identifier<FlagUse>
    public var lastCheckedAt: Timestamp

    public init(of flag: Identifier<Flag>, lastCheckedAt: Timestamp) {
        id = Self.id(of: flag)
        self.lastCheckedAt = lastCheckedAt
    }

    public static func id(of flag: Identifier<Flag>) -> Identifier<FlagUse> { Identifier(ordinal: flag.ordinal) }
}
