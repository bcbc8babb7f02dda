public import Basics

/// A noun that a billing provider keeps under an id of its own, as it last told of it.
public protocol Mirrored: Identified {
    associatedtype Details

    var id: Identifier<Self> { get }
    var externalID: String { get }
    /// What the provider says of it.
    var details: Details { get set }
    var createdAt: Timestamp { get }
    var updatedAt: Timestamp { get set }
}

/// A noun that a provider keeps for one of its customers, and never moves to another one.
public protocol MirroredOfCustomer: Mirrored {
    var customerExternalID: String { get }
    var provider: BillingProviderType { get }
}

extension BillingCustomer: Mirrored {}
extension BillingProduct: Mirrored {}
extension MirroredPrice: Mirrored {}
extension MirroredInvoice: MirroredOfCustomer {}
extension PaymentMethod: MirroredOfCustomer {}
extension MirroredSubscription: MirroredOfCustomer {
    public var provider: BillingProviderType { details.provider }
}
