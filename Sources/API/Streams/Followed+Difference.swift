internal import Basics
internal import Model
internal import NIOCore
internal import Tollgate

/// JSON that is written already, with its hash.
struct EncodedJSON: JSONWritable {
    let bytes: ByteBuffer
    let hash: Int

    init(_ value: some JSONWritable) {
        var json = JSONWriter()
        value.write(to: &json)
        bytes = json.buffer
        hash = bytes.hashValue
    }

    func write(to json: inout JSONWriter) { json.raw(bytes.readableBytesView) }
}

extension RulesEngineCompany {
    var told: FollowedCompany.Told {
        FollowedCompany.Told(
            keys: keys, createdAt: createdAt, identity: identity.hash, rules: rules.hash, traits: use.traits.hash,
            entitlements: use.entitlements.hash, metrics: use.counts)
    }
}

extension RulesEngineUser {
    var told: (keys: [String: String], hash: Int) { (picture.user.keys.named, EncodedJSON(self).hash) }
}

extension FollowedCompany {
    /// What to tell of the company, now that it looks like this; nil when that is nothing.
    ///
    /// In full when it has other keys, plans, or another subscription or period: clients add keys to those that they
    /// know and never take one away. Else the parts that are others. Rule: extensions of the contract, "Flags".
    func difference(to company: RulesEngineCompany, _ id: Identifier<Company>) -> ByteBuffer? {
        let now = company.told
        guard let told, told.identity == now.identity else {
            self.told = now
            return StreamMessage.full(.company, id: id.description, company)
        }
        let hasOtherRules = told.rules != now.rules
        self.told = now
        return partial(of: company.use, since: told, rules: hasOtherRules ? company.rules : nil, id)
    }

    /// The same for what is used and held.
    func difference(to use: RulesEngineUse, _ id: Identifier<Company>) -> ByteBuffer? {
        guard let told else { return nil }
        self.told?.traits = use.traits.hash
        self.told?.entitlements = use.entitlements.hash
        self.told?.metrics = use.counts
        return partial(of: use, since: told, rules: nil, id)
    }

    private func partial(
        of use: RulesEngineUse, since told: Told, rules: EncodedJSON?, _ id: Identifier<Company>
    ) -> ByteBuffer? {
        let metrics = use.counts.filter { !told.metrics.contains($0) }
        let hasOtherTraits = told.traits != use.traits.hash
        let hasOtherEntitlements = told.entitlements != use.entitlements.hash
        guard rules != nil || !metrics.isEmpty || hasOtherTraits || hasOtherEntitlements else { return nil }
        return StreamMessage.partial(.company, id: id.description) { json in
            if hasOtherTraits { json.field("traits", use.traits) }
            if let rules { json.field("rules", rules) }
            if !metrics.isEmpty { json.field("metrics", metrics.map(use.metric)) }
            // Clients that are told metrics alone derive these, without the units held.
            if hasOtherEntitlements || !metrics.isEmpty { json.field("entitlements", use.entitlements) }
        }
    }
}
