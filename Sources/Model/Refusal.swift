/// Why a request was not carried out: a value, with a sentence that has the numbers in it. Nothing was changed.
public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Wrong as such, whatever the state: 400.
        case invalid
        /// The key may not do this: 403.
        case forbidden
        /// The thing named does not exist: 404.
        case notFound
        /// In conflict with the present state: 422.
        case conflict
        /// More is waiting than memory is set aside for; the same request may succeed in a moment: 429.
        case overloaded
    }

    public let kind: Kind
    public let message: String

    public var description: String { message }

    public static func invalid(_ message: String) -> Refusal { Refusal(kind: .invalid, message: message) }
    public static func forbidden(_ message: String) -> Refusal { Refusal(kind: .forbidden, message: message) }
    public static func notFound(_ message: String) -> Refusal { Refusal(kind: .notFound, message: message) }
    public static func conflict(_ message: String) -> Refusal { Refusal(kind: .conflict, message: message) }
    public static func overloaded(_ message: String) -> Refusal { Refusal(kind: .overloaded, message: message) }
}

/// The store could not write or read: a fault of the machine, not of the request. What was asked was not done.
public struct StoreFailure: Error, Sendable, CustomStringConvertible {
    public let message: String
    /// Whether the same may succeed in a moment, once the store's file has been opened again.
    package let isMomentary: Bool

    public init(_ message: String) {
        self.init(message, isMomentary: false)
    }

    package init(_ message: String, isMomentary: Bool) {
        self.message = message
        self.isMomentary = isMomentary
    }

    public var description: String { message }
}
