public import Basics
public import Model
public import Store

/// Makes an environment.
public struct CreateEnvironment: Command {
    public static var name: String { "create_environment" }

    public var name: String
    public var type: EnvironmentType

    public init(name: String, type: EnvironmentType) {
        self.name = name
        self.type = type
    }

    public func apply(_ transaction: Transaction) throws -> Environment {
        try name.check(as: "an environment's name")
        let environment = Environment(id: transaction.newID(), name: name, type: type, createdAt: transaction.now)
        try transaction.put(environment)
        return environment
    }
}

/// Renames an environment. Its type never changes.
public struct UpdateEnvironment: Command {
    public static var name: String { "update_environment" }

    public var environmentID: Identifier<Environment>
    public var name: String

    public init(environmentID: Identifier<Environment>, name: String) {
        self.environmentID = environmentID
        self.name = name
    }

    public func apply(_ transaction: Transaction) throws -> Environment {
        try name.check(as: "an environment's name")
        var environment = try transaction.require(environmentID, "environment")
        environment.name = name
        environment.updatedAt = transaction.now
        try transaction.put(environment)
        return environment
    }
}
