import Foundation
import LabGraph

/// Processor seconds by layer and kind of work of the first worker, which other processes cannot lengthen by taking turns.
final class Profile {
  private var nanoseconds: [ProfileKey: UInt64] = [:]
  private var nested: UInt64 = 0
  private var path = ""

  /// Runs `body` and counts its time, without what measurements inside it counted.
  func measure<R>(_ kind: KernelKind, of layer: String?, _ body: () throws -> R) rethrows -> R {
    let outerPath = path
    path = layer ?? path
    let outer = nested
    nested = 0
    let start = Profile.processorNanoseconds
    defer {
      let elapsed = Profile.processorNanoseconds - start
      nanoseconds[ProfileKey(path: path, kind: kind), default: 0] += elapsed - min(nested, elapsed)
      nested = outer + elapsed
      path = outerPath
    }
    return try body()
  }

  private static var processorNanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  func take() -> [ProfileKey: Double] {
    defer { nanoseconds = [:] }
    return nanoseconds.mapValues { Double($0) * 1e-9 }
  }
}

extension Worker {
  /// Counts the time of a layer's kernel, or of a part of a kernel as another kind, where the session profiles.
  @inline(__always)
  func measure<R>(_ kind: KernelKind, of layer: String? = nil, _ body: () throws -> R) rethrows -> R {
    guard let profile else { return try body() }
    return try profile.measure(kind, of: layer, body)
  }
}
