/// What of a billing provider's a plan, a feature or an entitlement stands for.
public struct BillingLink: Codable, Sendable, Equatable {
    public var provider: BillingProviderType
    /// The provider's id of the product, the meter or the price.
    public var resource: String
    /// As the provider counts the versions of it; nothing is computed with it.
    public var version: String?

    public init(provider: BillingProviderType, resource: String, version: String? = nil) {
        self.provider = provider
        self.resource = resource
        self.version = version
    }
}
