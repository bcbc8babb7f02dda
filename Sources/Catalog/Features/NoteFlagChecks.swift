public import Basics
public import Model
public import Store

/// Remembers when flags were last checked. Flags that are gone by now are passed over.
public struct NoteFlagChecks: Command {
    public static var name: String { "note_flag_checks" }

    public struct Check: Codable, Sendable {
        public var flagID: Identifier<Flag>
        public var at: Timestamp

        public init(flagID: Identifier<Flag>, at: Timestamp) {
            self.flagID = flagID
            self.at = at
        }
    }

    public var checks: [Check]

    public init(checks: [Check]) {
        self.checks = checks
    }

    public func apply(_ transaction: Transaction) throws {
        for check in checks where try transaction.get(check.flagID) != nil {
            let known = try transaction.get(FlagUse.id(of: check.flagID))?.lastCheckedAt ?? check.at
            try transaction.put(FlagUse(of: check.flagID, lastCheckedAt: max(known, check.at)))
        }
    }
}
