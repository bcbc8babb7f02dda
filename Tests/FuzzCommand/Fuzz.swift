internal import Fuzz
internal import Glibc

/// Which entry to fuzz, by its name in the environment variable `ENTRY`. libFuzzer brings the `main`.
private let entry: FuzzEntry = {
    let names = FuzzEntry.allCases.map(\.rawValue).joined(separator: ", ")
    guard let name = getenv("ENTRY"), let entry = FuzzEntry(rawValue: String(cString: name)) else {
        fatalError("ENTRY must name what to fuzz: \(names)")
    }
    return entry
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try entry.check(UnsafeRawBufferPointer(start: start, count: count))
    } catch {
        fatalError(error.description)
    }
    return 0
}
