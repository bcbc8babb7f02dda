public import ArgumentParser
public import Tollgate

// Values that options and arguments are read into.

/// `2026-08-01T00:00:00Z`.
extension Timestamp: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(rfc3339: argument)
    }
}

/// `key_3bTKVfV6GD1`.
extension Identifier: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

extension EnvironmentType: ExpressibleByArgument {}
extension APIKey.Kind: ExpressibleByArgument {}

/// One key of a company: `id=acme`.
struct KeyArgument: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
        guard !value.isEmpty else { return nil }
    }
}
