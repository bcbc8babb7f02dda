/// Where bytes that nobody vouches for come into Tollgate. Each entry reads any bytes at all, and says what does not
/// hold for them.
package enum FuzzEntry: String, CaseIterable, Sendable {
    /// A body of events.
    case events
    /// The number of a `RecordKind`, and a record of that kind.
    case records
    /// The payload of a journaled command.
    case commands
    /// A journal entry, its header included.
    case journal
    /// A text: an instant, a decimal, an id.
    case texts

    /// - Throws: what does not hold.
    package func check(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        switch self {
        case .events: try checkEvents(bytes)
        case .records: try checkRecord(bytes)
        case .commands: try checkCommand(bytes)
        case .journal: try checkJournal(bytes)
        case .texts: try checkTexts(bytes)
        }
    }

    package func check(_ bytes: [UInt8]) throws(Finding) {
        let finding: Finding? = bytes.withUnsafeBytes { bytes in
            do throws(Finding) {
                try check(bytes)
                return nil
            } catch {
                return error
            }
        }
        if let finding { throw finding }
    }
}

/// Something that should hold for all bytes, and does not for these.
package struct Finding: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
