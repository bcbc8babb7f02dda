internal import Basics
internal import Model
internal import Store

/// What people say of a flag.
public struct FlagInput: Codable, Sendable {
    /// What applications ask by; unique in the environment.
    public var key: String
    public var name: String
    public var description: String
    public var defaultValue: Bool
    public var maintainerAccountMemberID: String?

    public init(
        key: String, name: String, description: String = "", defaultValue: Bool = false,
        maintainerAccountMemberID: String? = nil
    ) {
        self.key = key
        self.name = name
        self.description = description
        self.defaultValue = defaultValue
        self.maintainerAccountMemberID = maintainerAccountMemberID
    }

    /// The flag of a feature that says nothing of it: its key is the name in lower-case ASCII letters and digits, with
    /// hyphens for everything between.
    init(ofFeature name: String) throws(Refusal) {
        let words = name.utf8.split { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                false
            default: true
            }
        }
        guard !words.isEmpty else {
            throw .invalid("no flag key can be made of the name \"\(name)\": give the flag a key")
        }
        self.init(key: words.map { String(Substring($0)).lowercased() }.joined(separator: "-"), name: name)
    }

    /// Writes the input into a flag, which is put.
    func apply(to flag: inout Flag, _ transaction: Transaction) throws {
        try key.check(as: "a flag's key", limit: Limits.flagKeyBytes)
        try name.check(as: "a flag's name")
        try description.checkOptional(as: "a flag's description")
        try maintainerAccountMemberID?.check(as: "a maintainer's id")
        let id = flag.id
        if let other = try transaction.all(Flag.self).first(where: { $0.key == key && $0.id != id }) {
            throw Refusal.conflict("the flag key \"\(key)\" is taken by flag \(other.id)")
        }
        flag.key = key
        flag.name = name
        flag.description = description
        flag.defaultValue = defaultValue
        flag.maintainerAccountMemberID = maintainerAccountMemberID
        flag.updatedAt = transaction.now
        try transaction.put(flag)
    }
}
