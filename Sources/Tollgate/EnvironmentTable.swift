internal import Basics
internal import Model

/// The environments that are open. Ordinals of environments count up from 1, so a place in an array is found faster
/// than a key in a dictionary: every check looks here.
struct EnvironmentTable {
    private var places: [EnvironmentRuntime?] = []

    var values: [EnvironmentRuntime] { places.compactMap(\.self) }

    subscript(id: EnvironmentID) -> EnvironmentRuntime? {
        id.ordinal < places.count ? places[Int(id.ordinal)] : nil
    }

    mutating func add(_ runtime: EnvironmentRuntime) {
        let place = Int(runtime.id.ordinal)
        while places.count <= place { places.append(nil) }
        places[place] = runtime
    }

    mutating func removeAll(except ids: Set<EnvironmentID>) {
        for (place, runtime) in places.enumerated() {
            if let runtime, !ids.contains(runtime.id) { places[place] = nil }
        }
    }
}
