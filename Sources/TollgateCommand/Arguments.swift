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

/// A length of time: `90s`, `15m`, `24h`, `35d`.
struct SpanArgument: ExpressibleByArgument {
    let span: TimeSpan

    init?(argument: String) {
        guard let count = Int64(argument.dropLast()), (1...100_000_000).contains(count) else { return nil }
        switch argument.last {
        case "s": span = .seconds(count)
        case "m": span = .minutes(count)
        case "h": span = .hours(count)
        case "d": span = .days(count)
        default: return nil
        }
    }
}

/// An amount of memory: `512M`, `2G`; powers of 1024.
struct BytesArgument: ExpressibleByArgument {
    let count: Int

    init?(argument: String) {
        guard let count = Int(argument.dropLast()), (0...1_000_000_000).contains(count) else { return nil }
        switch argument.last {
        case "M": self.count = count << 20
        case "G": self.count = count << 30
        default: return nil
        }
    }
}

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
