import LabRecords
import Synchronization

/// Two stores on one database that take turns, call by call.
public final class AlternatingRunStore: ForwardingRunStore {
  private let stores: [any RunStore]
  private let calls = Atomic<Int>(0)

  /// Makes the two stores.
  ///
  /// - Throws: what `makeStore` throws.
  public init(_ makeStore: () throws -> any RunStore) throws { stores = [try makeStore(), try makeStore()] }

  /// The store whose turn it is.
  public var base: any RunStore { stores[calls.wrappingAdd(1, ordering: .relaxed).newValue % 2] }
}
