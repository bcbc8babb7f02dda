public import Basics

/// What billing providers sell a company.
public struct CompanyMirror: Codable, Sendable, Equatable {
    /// Oldest first, those that are over too.
    public var subscriptionIDs: [Identifier<MirroredSubscription>] = []
    /// The products of those that grant access, the newest subscription's first.
    public var productIDs: [Identifier<BillingProduct>] = []
    /// The one that gives the company its plan; nil where none does.
    public var grantedBy: Identifier<MirroredSubscription>?

    public init() {}
}

extension CompanyMirror: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 3)
        subscriptionIDs.pack(into: &writer)
        productIDs.pack(into: &writer)
        grantedBy.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(3)
        subscriptionIDs = try [Identifier<MirroredSubscription>](unpacking: &reader)
        productIDs = try [Identifier<BillingProduct>](unpacking: &reader)
        grantedBy = try Identifier<MirroredSubscription>?(unpacking: &reader)
    }
}
