/// A whole life; answers it when engine and model agreed to the end.
@discardableResult
package func live(_ seed: UInt64, steps: Int, mutant: Mutant? = nil) async throws -> Life {
    var life = try await Life(seed: seed, mutant: mutant)
    for _ in 0..<steps { try await life.step() }
    try await life.finish()
    return life
}
