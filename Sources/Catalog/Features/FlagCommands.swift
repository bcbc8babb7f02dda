public import Basics
public import Model
public import Store

/// Makes a flag that belongs to no feature. (A feature's flag is made with the feature.)
public struct CreateFlag: Command {
    public static var name: String { "create_flag" }

    public var input: FlagInput
    /// Accepted only to be refused with a reason: every feature has its flag from the start.
    public var featureID: Identifier<Feature>?

    public init(input: FlagInput, featureID: Identifier<Feature>? = nil) {
        self.input = input
        self.featureID = featureID
    }

    public func apply(_ transaction: Transaction) throws -> Flag {
        if let featureID {
            let feature = try transaction.require(featureID, "feature")
            throw Refusal.conflict("feature \"\(feature.name)\" has the flag \(feature.flagID) already")
        }
        var flag = Flag(
            id: transaction.newID(), key: input.key, name: input.name, description: input.description,
            createdAt: transaction.now)
        try input.apply(to: &flag, transaction)
        return flag
    }
}

/// Changes what is said of a flag; its rules stay. A flag never changes its feature.
public struct UpdateFlag: Command {
    public static var name: String { "update_flag" }

    public var flagID: Identifier<Flag>
    public var input: FlagInput
    /// Nil, or the feature that the flag belongs to.
    public var featureID: Identifier<Feature>?

    public init(flagID: Identifier<Flag>, input: FlagInput, featureID: Identifier<Feature>? = nil) {
        self.flagID = flagID
        self.input = input
        self.featureID = featureID
    }

    public func apply(_ transaction: Transaction) throws -> Flag {
        var flag = try transaction.require(flagID, "flag")
        if let featureID, featureID != flag.featureID {
            let feature = try transaction.require(featureID, "feature")
            throw Refusal.conflict("feature \"\(feature.name)\" has the flag \(feature.flagID) already")
        }
        try input.apply(to: &flag, transaction)
        return flag
    }
}

/// Forgets a flag that belongs to no feature.
public struct DeleteFlag: Command {
    public static var name: String { "delete_flag" }

    public var flagID: Identifier<Flag>

    public init(flagID: Identifier<Flag>) {
        self.flagID = flagID
    }

    public func apply(_ transaction: Transaction) throws {
        let flag = try transaction.require(flagID, "flag")
        if let featureID = flag.featureID {
            throw Refusal.conflict("flag \"\(flag.key)\" belongs to feature \(featureID): delete the feature instead")
        }
        transaction.forgetFlag(flagID)
    }
}

extension Transaction {
    /// Forgets a flag and what is remembered of it.
    func forgetFlag(_ id: Identifier<Flag>) {
        delete(id)
        delete(FlagUse.id(of: id))
    }
}
