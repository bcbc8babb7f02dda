package import Basics
package import Model

/// What one event adds to a meter that is derived from its name's.
package struct DerivedUse: Hashable, Sendable {
    package let meter: UInt64
    /// What is summed, or the value of which the greatest or the latest is kept.
    package let value: Int64
    /// For different values: a hash that stands for the value. For a latest value, and where each is kept: the order of
    /// its counting, 0 before it has been counted.
    package internal(set) var token: UInt128

    package init(meter: Identifier<Meter>, value: Int64) {
        self.init(meter: meter.ordinal, value: value, token: 0)
    }

    package init(meter: Identifier<Meter>, token: UInt128) {
        self.init(meter: meter.ordinal, value: 0, token: token)
    }

    init(meter: UInt64, value: Int64, token: UInt128) {
        self.meter = meter
        self.value = value
        self.token = token
    }

    package var kind: MeterKind { MeterKind(ofMeter: meter) }
}
