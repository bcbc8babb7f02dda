public import Basics

/// Packed as its start and how long it lasts.
extension Period: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        start.pack(into: &writer)
        (end - start).milliseconds.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(2)
        let start = try Timestamp(unpacking: &reader)
        let length = try Int64(unpacking: &reader)
        let (end, overflow) = start.milliseconds.addingReportingOverflow(length)
        guard length >= 0, !overflow else { throw reader.unfit() }
        self.init(start: start, end: Timestamp(milliseconds: end))
    }
}
