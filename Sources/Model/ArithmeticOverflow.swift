/// An exact result that its type cannot hold, with the operation and its operands as text.
///
/// Money and quantities never wrap and never lose a digit: whatever does not fit is this error.
public struct ArithmeticOverflow: Error, Hashable, CustomStringConvertible {
    public let operation: String

    package init(_ operation: String) {
        self.operation = operation
    }

    public var description: String { "the exact result of \(operation) does not fit" }
}
