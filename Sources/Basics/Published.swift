internal import Synchronization

/// An immutable object that is replaced now and then, and asked for all the time.
///
/// Whoever keeps an object learns without a lock whether it is still the present one.
public final class Published<Object: AnyObject & Sendable>: Sendable {
    private let present: Locked<Object>
    private let address: Atomic<UInt>

    public init(_ object: Object) {
        present = Locked(object)
        address = Atomic(Self.address(of: object))
    }

    public var object: Object { present.withLock { $0 } }

    /// As long as the caller keeps `object`, no other one has its address.
    public func isPresent(_ object: Object) -> Bool {
        address.load(ordering: .acquiring) == Self.address(of: object)
    }

    public func replace(_ make: (Object) -> Object) {
        present.withLock { object in
            object = make(object)
            address.store(Self.address(of: object), ordering: .releasing)
        }
    }

    private static func address(of object: Object) -> UInt {
        UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque())
    }
}
