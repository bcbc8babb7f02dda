import Fuzz
import Testing

@Suite("The corpus of the fuzzer")
struct CorpusTests {
    @Test("holds what should hold", arguments: FuzzEntry.allCases)
    func replay(entry: FuzzEntry) throws {
        let inputs = try entry.corpus()
        #expect(inputs.count >= 10, "the corpus of \(entry) is not where it should be")
        for (name, bytes) in inputs {
            #expect(throws: Never.self, "corpus/\(entry)/\(name)") { try entry.check(bytes) }
        }
    }
}
