/// An operation whose exact result, or a number on the exact way to it, does not fit; with its operands as text.
///
/// Money and quantities never wrap and never lose a digit: whatever does not fit is this error.
public struct ArithmeticOverflow: Error, Hashable, CustomStringConvertible {
    public let operation: String

    package init(_ operation: String) {
        self.operation = operation
    }

    public var description: String { "\(operation) is too large or has too many places to be computed exactly" }
}
