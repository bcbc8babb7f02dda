internal import Model

/// The sizes that the catalog accepts. Past them a command is refused, so records and memory stay bounded.
enum Limits {
    static let keys = 16
    static let keyNameBytes = 128
    static let keyValueBytes = 256
    static let nameBytes = 256
    static let textBytes = 4096
    static let traitBytes = 16 << 10
    static let traitDepth = 8
    static let traitDefinitions = 1_000
    static let meters = 10_000
    static let derivedMetersOfEvent = 32
    static let filters = 20
    static let filterValues = 100
    static let traitNameBytes = 128
    static let memberships = 1_000
    static let flagKeyBytes = 128
    static let rules = 250
    static let conditions = 100
    static let resourceIDs = 1_000
    static let overridesOfCompany = 1_000
    static let notes = 100
    static let prices = 50
    static let planTraits = 20
    static let checkoutFields = 50
    static let compatibilities = 1_000
    /// Subscriptions of a company or of a provider's customer, and the customer's payment methods.
    static let mirroredNouns = 1_000
    /// Products, and discounts, of a mirrored subscription.
    static let soldProducts = 100
    static let namedCompanies = 1_000
    static let bundledEntitlements = 100
}

extension String {
    /// Refuses an empty text, one of more than `limit` bytes, and one with a NUL byte.
    func check(as what: String, limit: Int = Limits.nameBytes) throws(Refusal) {
        guard !isEmpty else { throw .invalid("\(what) cannot be empty") }
        try checkOptional(as: what, limit: limit)
    }

    /// As `check`, but an empty text is accepted.
    func checkOptional(as what: String, limit: Int = Limits.textBytes) throws(Refusal) {
        guard utf8.count <= limit else {
            throw .invalid("\(what) has \(utf8.count) bytes, at most \(limit) are allowed")
        }
        guard !utf8.contains(0) else { throw .invalid("\(what) cannot contain a NUL byte") }
    }
}

extension Array where Element: Hashable {
    /// The first element that stands in the array twice.
    var firstDuplicate: Element? {
        var seen: Set<Element> = []
        return first { !seen.insert($0).inserted }
    }
}
