package import Model
internal import Store

/// An answer that is true once the commit it rests on is durable, and may not be told before.
package struct Pending<Answer: Sendable>: Sendable {
    private let answer: Answer
    /// Nil when nothing that the answer rests on is still being written.
    private let ticket: CommitTicket?

    init(_ answer: Answer, _ ticket: CommitTicket) {
        self.answer = answer
        self.ticket = ticket
    }

    /// An answer that rests on nothing uncommitted.
    package init(_ answer: Answer) {
        self.answer = answer
        ticket = nil
    }

    /// The answer in another form, made while the commit is on its way.
    package func map<Other>(_ transform: (Answer) throws -> Other) rethrows -> Pending<Other> {
        let other = try transform(answer)
        return ticket.map { Pending<Other>(other, $0) } ?? Pending<Other>(other)
    }

    /// The answer, when it may be told.
    package func value() async throws -> Answer {
        try await ticket?.wait()
        return answer
    }

    /// Calls back once: on this thread when there is nothing to wait for, else perhaps on the committer's, where it
    /// must not stay long. To be called once, and not together with `value`.
    package func onSettled(_ body: @escaping @Sendable (Result<Answer, StoreFailure>) -> Void) {
        guard let ticket else { return body(.success(answer)) }
        ticket.onSettled { [answer] failure in body(failure.map(Result.failure) ?? .success(answer)) }
    }
}
