public import Basics

public enum TrialStatus: String, Codable, Sendable, CaseIterable {
    case active, converted, expired
}

/// What a trial becomes when it ends. On the wire `trial_end_setting`.
public enum TrialEnding: String, Codable, Sendable, CaseIterable {
    /// A paid subscription, when a payment method is there.
    case subscribe
    /// Nothing: the company comes to the trial-expiry plan.
    case cancel
}

/// That a company tries or has tried a plan: what decides whether it can have another trial, and what is shown of it.
public struct Trial: Codable, Sendable, Equatable {
    public let planID: Identifier<Plan>
    public let startedAt: Timestamp
    /// When it is to end, or has ended.
    public var endsAt: Timestamp
    public var status = TrialStatus.active

    public init(planID: Identifier<Plan>, startedAt: Timestamp, endsAt: Timestamp) {
        self.planID = planID
        self.startedAt = startedAt
        self.endsAt = endsAt
    }

    public var convertedAt: Timestamp? { status == .converted ? endsAt : nil }
}

extension TrialStatus: Packed {}
extension TrialEnding: Packed {}

extension Trial: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 4)
        planID.pack(into: &writer)
        startedAt.pack(into: &writer)
        endsAt.pack(into: &writer)
        status.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(4)
        planID = try Identifier<Plan>(unpacking: &reader)
        startedAt = try Timestamp(unpacking: &reader)
        endsAt = try Timestamp(unpacking: &reader)
        status = try TrialStatus(unpacking: &reader)
    }
}
