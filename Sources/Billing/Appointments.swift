internal import Basics
internal import Model
internal import Store

extension Transaction {
    /// Does for each of several nouns what it has an appointment for now. One that is gone meanwhile is passed over.
    func keepAppointments<Noun: Record>(
        _ task: DueItem.Task, of ids: [Identifier<Noun>], _ keep: (Noun) throws -> Void
    ) throws {
        for id in ids {
            unschedule(DueItem(at: now, task: task, ordinal: id.ordinal))
            if let noun = try get(id) { try keep(noun) }
        }
    }
}
