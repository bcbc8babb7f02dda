internal import Basics
internal import Model

/// A change of the state: a value with all that its outcome depends on besides the state and the time it is applied at.
///
/// Applying is deterministic, so the journal of commands and events is the whole truth and replaying it gives the same
/// state, ids included. A command that throws a `Refusal` has changed nothing and is not journaled.
public protocol Command: Codable, Sendable {
    associatedtype Outcome: Sendable

    /// The command's name in the journal: never changed once released.
    static var name: String { get }

    func apply(_ transaction: Transaction) throws -> Outcome
}

/// A command as the journal keeps it.
package struct JournaledCommand: Codable {
    package let name: String
    package let body: [UInt8]

    package init(_ command: some Command) throws {
        name = type(of: command).name
        body = try RecordEncoder().encode(command)
    }
}

/// The commands that a journal may hold, by name.
package struct CommandRegistry: Sendable {
    private let types: [String: any Command.Type]

    package init(_ types: [any Command.Type]) {
        self.types = Dictionary(types.map { ($0.name, $0) }) { first, _ in
            preconditionFailure("two commands are named \(first.name)")
        }
    }

    package func decode(_ payload: [UInt8]) throws -> any Command {
        let journaled = try RecordDecoder().decode(JournaledCommand.self, from: payload)
        guard let type = types[journaled.name] else {
            throw StoreFailure("the journal has a command \"\(journaled.name)\" that this version does not know")
        }
        return try type.decoded(from: journaled.body)
    }
}

extension Command {
    fileprivate static func decoded(from body: [UInt8]) throws -> any Command {
        try RecordDecoder().decode(Self.self, from: body)
    }
}
