import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What this machine is.
package enum Machine {
  /// The processor's name as its maker spells it.
  package static var processorName: String {
    #if os(Linux)
      let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      for line in text.split(separator: "\n") where line.hasPrefix("model name") {
        return line.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
          ?? "unknown"
      }
      return "unknown"
    #else
      return "Apple or Intel processor"
    #endif
  }

  /// The processor time that this process has spent so far, all its threads together.
  package static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Cores that this process may use.
  package static var coreCount: Int { max(ProcessInfo.processInfo.activeProcessorCount, 1) }

  /// The most memory that this process has occupied since ``forgetPeakResidentBytes()``, libraries included; nil where the
  /// system does not tell.
  package static var peakResidentBytes: Int? {
    #if os(Linux)
      let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1024 }
    #else
      var usage = rusage()
      return getrusage(RUSAGE_SELF, &usage) == 0 ? Int(usage.ru_maxrss) : nil
    #endif
  }

  /// Lets ``peakResidentBytes`` start from what is occupied now, where the system can.
  package static func forgetPeakResidentBytes() {
    #if os(Linux)
      try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    #endif
  }

  /// Bytes of memory.
  package static var memoryBytes: Int { Int(ProcessInfo.processInfo.physicalMemory) }
}
