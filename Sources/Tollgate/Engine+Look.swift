public import Basics
public import Model

/// What a company may still use of a feature: for programs that embed the engine.
public struct UsageReport: Sendable, Equatable {
    /// Whether a check of the feature would say yes.
    public let access: Bool
    /// In the limit's window.
    public let usage: Int64
    /// Nil when no number limits the feature.
    public let allocation: Int64?
    public let resetAt: Timestamp?
}

extension Engine {
    /// The company that the keys name; nil when there is none.
    public func company(_ keys: [String: String], in environment: EnvironmentID) throws -> Company? {
        try read(environment) { try $0.company(keys: keys) }
    }

    /// A company's use of a feature, named by its flag key; nil when the company has no entitlement to it.
    public func usage(
        of feature: String, by company: Identifier<Company>, in environment: EnvironmentID
    ) throws -> UsageReport? {
        try read(environment) { view in
            guard let flag = view.flag(key: feature), let id = flag.featureID, let feature = try view.get(id) else {
                throw Refusal.notFound("feature \"\(feature)\" does not exist")
            }
            guard let company = try view.get(company) else {
                throw Refusal.notFound("company \(company) does not exist")
            }
            return try view.featureUsage(of: company, feature: feature).map {
                UsageReport(access: $0.access, usage: $0.usage, allocation: $0.allocation, resetAt: $0.resetAt)
            }
        }
    }

    /// Invoices of one company or of all, newest first.
    public func invoices(
        of company: Identifier<Company>? = nil, limit: Int = 100, in environment: EnvironmentID
    ) throws -> [Invoice] {
        try read(environment) { try $0.invoices(of: company, limit: limit) }
    }
}
