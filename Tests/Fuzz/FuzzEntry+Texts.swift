internal import Basics
internal import Model

extension FuzzEntry {
    /// What is read from a text is written as a text that reads the same.
    func checkTexts(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let instant = Timestamp(rfc3339: text) {
            guard Timestamp(rfc3339: instant.rfc3339) == instant else {
                throw Finding("the instant \(text) is written as \(instant.rfc3339)")
            }
        }
        if let decimal = Decimal(text) {
            guard Decimal(decimal.description) == decimal else {
                throw Finding("the decimal \(text) is written as \(decimal)")
            }
            guard decimal.negated.negated == decimal, !(decimal < decimal) else {
                throw Finding("the decimal \(text) is not itself")
            }
        }
        if let id = Identifier<Company>(text) {
            guard id.description.utf8.elementsEqual(text.utf8) else {
                throw Finding("the id \(text) is written as \(id)")
            }
        }
    }
}
