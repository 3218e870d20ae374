import Foundation
import LabGraph

/// Seconds by kind of kernel, measured on the first worker.
final class Profile {
  private var nanoseconds = [KernelKind: UInt64]()
  private var nested: UInt64 = 0

  /// Runs `body` and counts its time, without what measurements inside it counted.
  func measure<R>(_ kind: KernelKind, _ body: () throws -> R) rethrows -> R {
    let outer = nested
    nested = 0
    let start = DispatchTime.now().uptimeNanoseconds
    defer {
      let elapsed = DispatchTime.now().uptimeNanoseconds - start
      nanoseconds[kind, default: 0] += elapsed - min(nested, elapsed)
      nested = outer + elapsed
    }
    return try body()
  }

  func take() -> [KernelKind: Double] {
    defer { nanoseconds = [:] }
    return nanoseconds.mapValues { Double($0) * 1e-9 }
  }
}

extension Worker {
  /// Counts the time of a part of a kernel as another kind, where the session profiles.
  @inline(__always)
  func measure<R>(_ kind: KernelKind, _ body: () throws -> R) rethrows -> R {
    guard let profile else { return try body() }
    return try profile.measure(kind, body)
  }
}
