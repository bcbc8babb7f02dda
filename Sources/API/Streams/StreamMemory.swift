internal import Basics
internal import Dispatch
internal import Model

/// A company or user that a client of `/datastream` keeps a copy of.
enum StreamedEntity: Hashable, Sendable {
    case company(Identifier<Company>)
    case user(Identifier<User>)
}

/// Where a client comes from, as far as it can be told from another one.
struct StreamOrigin: Hashable {
    let key: Identifier<APIKey>
    let address: String
}

/// What clients that are gone had asked for.
///
/// An SDK that connects again asks for flags only, and goes on with the companies and users that it knew. So they are
/// sent to it unasked: to as many connections of the same key and address as have gone, each all that these had asked
/// for, as nobody can say which of them was which. Rule: extensions of the contract, "Flags".
///
/// What is asked for is also written to a file, so that a server that was killed knows it when it is back; how many
/// asked for it is not in there, so then every connection of the next half hour is told.
struct StreamMemory {
    private static let span = DispatchTimeInterval.seconds(30 * 60)
    /// Of all origins together; those that left first are forgotten first.
    static let limit = 100_000

    private struct Kept {
        var entities: Set<StreamedEntity> = []
        /// How many connections are yet to be told; nil for all of them.
        var connections: Int? = 0
        var until: DispatchTime
    }

    private var kept: [StreamOrigin: Kept] = [:]
    private var file: StreamMemoryFile?

    init(path: String?) {
        guard let path else { return }
        let file = StreamMemoryFile(path)
        for (origin, entities) in Dictionary(grouping: file.read(), by: \.origin) {
            keep(entities.map(\.entity), of: origin, at: .now())
            kept[origin]?.connections = nil
        }
        self.file = file
        rewrite([:])
    }

    /// What is to be told to a new connection.
    mutating func entities(of origin: StreamOrigin, at now: DispatchTime) -> [StreamedEntity] {
        forget(at: now)
        guard let found = kept[origin] else { return [] }
        if let connections = found.connections {
            kept[origin] = connections > 1 ? found : nil
            kept[origin]?.connections = connections - 1
        }
        return Array(found.entities)
    }

    /// A connection that had asked for these is gone.
    mutating func keep(_ entities: [StreamedEntity], of origin: StreamOrigin, at now: DispatchTime) {
        forget(at: now)
        guard !entities.isEmpty else { return }
        kept[origin, default: Kept(until: now)].entities.formUnion(entities.prefix(Self.limit))
        kept[origin]?.until = now + Self.span
        kept[origin]?.connections? += 1
        while count > Self.limit, let oldest = kept.min(by: { $0.value.until < $1.value.until }) {
            if kept.count > 1 {
                kept[oldest.key] = nil
            } else {
                kept[origin]?.entities = Set(entities.prefix(Self.limit))
            }
        }
    }

    private var count: Int { kept.values.reduce(0) { $0 + $1.entities.count } }

    private mutating func forget(at now: DispatchTime) {
        kept = kept.filter { now < $0.value.until }
    }

    // MARK: - The file

    /// A connection has asked for this. In the file after the next `flush`.
    mutating func note(_ entity: StreamedEntity, of origin: StreamOrigin) {
        file?.add(StreamMemoryFile.Line(origin: origin, entity: entity))
    }

    /// Writes what was noted; all anew, when most of the file is of the past.
    ///
    /// - Parameter open: what the connections that are open have asked for.
    mutating func flush(_ open: @autoclosure () -> [StreamOrigin: Set<StreamedEntity>]) {
        guard let lines = file?.flush(), lines > 4 * Self.limit else { return }
        rewrite(open())
    }

    private mutating func rewrite(_ open: [StreamOrigin: Set<StreamedEntity>]) {
        let all = open.merging(kept.mapValues(\.entities)) { $0.union($1) }
        file?.rewrite(all.flatMap { origin, entities in entities.map { .init(origin: origin, entity: $0) } })
    }
}
