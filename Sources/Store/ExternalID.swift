internal import Basics
package import Model

/// A noun that somebody else keeps, and gave an id to. Such ids are unique among the nouns of one kind.
package protocol External: Record {
    var externalID: String { get }
}

extension BillingCustomer: External {}
extension BillingProduct: External {}
extension MirroredPrice: External {}
extension BillingMeter: External {}
extension MirroredSubscription: External {}
extension MirroredInvoice: External {}
extension PaymentMethod: External {}

extension StoreKey {
    /// The longest external id, in bytes.
    package static let externalIDLimit = 255
}

extension Transaction {
    /// The record that somebody else's id, or else ours, names; nil when there is none.
    package func find<E: External>(_ type: E.Type, _ id: String) throws -> E? {
        if id.utf8.count <= StoreKey.externalIDLimit,
            let ordinal = try value(.external(E.kind, id, in: environmentID))
        {
            return try get(Identifier<E>(ordinal: ordinal.withUnsafeBytes { $0.bigEndian64(at: 0) }))
        }
        return try Identifier<E>(id).flatMap { try get($0) }
    }

    package func putExternal<E: External>(_ record: E) throws {
        set(.external(E.kind, record.externalID, in: environmentID), Self.bytes(record.id.ordinal))
        try put(record)
    }

    package func deleteExternal<E: External>(_ record: E) {
        set(.external(E.kind, record.externalID, in: environmentID), nil)
        delete(record.id)
    }
}

extension Snapshot {
    /// As a transaction's `find`, of what is committed.
    package func find<E: External>(_ type: E.Type, _ id: String, in environment: EnvironmentID) throws -> E? {
        if id.utf8.count <= StoreKey.externalIDLimit, let ordinal = try value(.external(E.kind, id, in: environment)) {
            return try record(
                Identifier<E>(ordinal: ordinal.withUnsafeBytes { $0.bigEndian64(at: 0) }), in: environment)
        }
        return try Identifier<E>(id).flatMap { try record($0, in: environment) }
    }
}
