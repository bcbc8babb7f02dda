/// A benchmark could not be run, or its work did not come out as it must: a wrong figure is no figure.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    static func missing(_ package: String) -> BenchFailure {
        BenchFailure("\(package) is not installed: run `make bench`, which installs it, or leave it out with --only")
    }

    static func require<Value: Equatable>(_ found: Value, is expected: Value, _ what: String) throws {
        guard found == expected else { throw BenchFailure("\(what): \(found), not \(expected)") }
    }
}
