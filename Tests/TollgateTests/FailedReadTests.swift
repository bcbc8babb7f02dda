import Foundation
import Store
import Testing
import Tollgate

@Suite("A read that fails")
struct FailedReadTests {
    /// A key that LMDB refuses stands for everything that it cannot read.
    @Test("is a fault of the store, which is answered with 503")
    func failure() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-test-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try Store(directory: directory, durable: false)
        let (snapshot, key) = (try store.snapshot(), [UInt8](repeating: 1, count: 600))
        #expect {
            try snapshot.value(StoreKey(.records, key))
        } throws: { error in
            "\(error)".hasPrefix("the store cannot be read: ") && error is StoreFailure
        }
    }
}
