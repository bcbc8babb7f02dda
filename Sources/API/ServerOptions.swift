/// What may be chosen about the server beside its address.
public struct ServerOptions: Sendable {
    public var rates = RequestRates()
    /// The file that remembers what clients of streams follow, for when they connect again after a restart; nil for
    /// none.
    public var streamMemory: String?
    /// The company's key that the `subject` of a CloudEvent is a value of.
    public var subjectKey = "id"

    public init() {}
}
