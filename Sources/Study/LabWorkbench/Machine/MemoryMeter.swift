import Synchronization

/// The most memory that the process occupies while the meter lives.
///
/// The system keeps one peak for the whole process. A meter makes it start anew, and hands what it was to those meters that
/// are older: so each of them knows the peak of its own time.
package final class MemoryMeter: Sendable {
  private static let peaks = Mutex<[ObjectIdentifier: Int]>([:])

  package init() {
    MemoryMeter.peaks.withLock { peaks in
      let peak = Machine.peakResidentBytes ?? 0
      for key in peaks.keys { peaks[key] = max(peaks[key] ?? 0, peak) }
      Machine.forgetPeakResidentBytes()
      peaks[ObjectIdentifier(self)] = 0
    }
  }

  deinit { _ = MemoryMeter.peaks.withLock { $0.removeValue(forKey: ObjectIdentifier(self)) } }

  /// The peak so far in bytes; nil where the system does not tell.
  package var peakBytes: Int? {
    MemoryMeter.peaks.withLock { peaks in
      Machine.peakResidentBytes.map { max($0, peaks[ObjectIdentifier(self)] ?? 0) }
    }
  }
}
