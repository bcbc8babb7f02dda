/// How the events of one request stand in its body.
package enum EventForm: Sendable, CaseIterable {
    /// `{"events": [event, …]}`, or the bare array. Source: `/batch`, `/event-batch`.
    case batch
    /// One event, the body itself. Source: `/e`, `/events`.
    case single
    /// One event a line; blank lines are skipped. A line that is no event is refused by itself.
    case ndjson
}
