internal import Basics
internal import Model
internal import Store

extension Transaction {
    /// Gives a licence the traits that show it in companies: how many are in use, where it names no trait for that, and
    /// how many were bought. They are named after the flag; one that is there already is taken.
    func addTraits(to license: inout Feature, flagKey: String) throws {
        let name = flagKey.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        license.traitID = try license.traitID ?? countTrait(String(name + "_used"))
        license.usageLimitTraitID = try countTrait(String(name + "_limit"))
    }

    private func countTrait(_ name: String) throws -> Identifier<TraitDefinition> {
        let definition = try DefineTrait(entityType: .company, hierarchy: [name], traitType: .number).apply(self)
        guard definition.traitType == .number else {
            throw Refusal.conflict(
                "the trait \"\(name)\" of companies is a \(definition.traitType.rawValue), and a licence counts by it")
        }
        return definition.id
    }

    /// Writes onto a company how many of each licence it has bought. Where its plans sell none of one, the trait goes.
    /// Of several plans that sell it the larger quantity counts. Answers whether anything is another.
    func showLicenses(of company: inout Company) throws -> Bool {
        let licenses = try all(Feature.self).filter { $0.usageLimitTraitID != nil }
        guard !licenses.isEmpty else { return false }
        let subscription = try company.subscriptionID.flatMap { try get($0) }
        let sold = try subscription?.versionIDs.flatMap { try entitlements(of: require($0, "plan version")) } ?? []
        let before = company.traits
        for license in licenses {
            guard let definition = try license.usageLimitTraitID.flatMap({ try get($0) }) else { continue }
            let quantities = sold.filter { $0.featureID == license.id && $0.priceBehavior == .payInAdvance }
                .compactMap { subscription?.quantity(boughtOf: $0) }
            var shown: [String: TraitValue] = [:]
            shown.set(quantities.max().map { .number(String($0)) } ?? .null, at: definition.hierarchy)
            company.traits.merge(shown)
        }
        return company.traits != before
    }
}
