import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Names one process of one machine so that another process can find out whether it still lives.
public struct ProcessIdentity: Sendable, Codable, Hashable {
  /// What is known of a process.
  public enum Liveness: Sendable, Hashable {
    /// It runs on this machine.
    case alive
    /// It has ended.
    case dead
    /// It cannot be seen from here: it belongs to another machine, container or boot.
    case unknown
  }

  /// The machine's name, for people.
  public var host: String
  /// What shares this process's numbers: the machine's boot and the process namespace; nil where the system tells
  /// neither.
  public var scope: String?
  /// The process number.
  public var pid: Int32
  /// When the process started, in the system's own unit; tells it from a later process of the same number.
  public var startTime: Int64

  /// Creates a process identity.
  public init(host: String, scope: String?, pid: Int32, startTime: Int64) {
    self.host = host
    self.scope = scope
    self.pid = pid
    self.startTime = startTime
  }

  /// The calling process.
  public static let current = ProcessIdentity(
    host: ProcessTable.hostName, scope: ProcessTable.scope, pid: getpid(),
    startTime: ProcessTable.startTime(of: getpid()) ?? 0)

  /// Whether the process still runs, as far as the calling process can see.
  ///
  /// A host's name does not prove that two processes see the same process numbers (containers and clones share names),
  /// so only an equal scope does; after a reboot the answer is ``Liveness/unknown`` and the heartbeat decides.
  public var liveness: Liveness {
    guard let scope, scope == ProcessTable.scope else { return .unknown }
    return ProcessTable.startTime(of: pid) == startTime ? .alive : .dead
  }
}

extension ProcessIdentity: CustomStringConvertible {
  /// The process and its machine, for people.
  public var description: String { "process \(pid) on \(host)" }
}

/// What the system tells of its processes.
private enum ProcessTable {
  /// The machine's name; Foundation's may ask the network for it.
  static var hostName: String {
    var buffer = [UInt8](repeating: 0, count: 256)
    let status = buffer.withUnsafeMutableBytes {
      gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count - 1)
    }
    return status == 0 ? String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self) : "unknown"
  }

  #if os(Linux)
    static let scope: String? = {
      guard
        let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
        let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
      else { return nil }
      return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + namespace
    }()

    /// The clock ticks from boot to the start of a process; nil where no living process has that number.
    static func startTime(of pid: Int32) -> Int64? {
      guard
        let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
        let nameEnd = text.lastIndex(of: ")")
      else { return nil }
      let fields = text[text.index(after: nameEnd)...].split(separator: " ")
      // Fields 3 and 22 of proc(5): a zombie's parent has not collected it yet, but it will never write again.
      guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
      return Int64(fields[19])
    }
  #else
    static let scope: String? = {
      var size = 0
      guard sysctlbyname("kern.bootsessionuuid", nil, &size, nil, 0) == 0, size > 0 else { return nil }
      var buffer = [UInt8](repeating: 0, count: size)
      guard sysctlbyname("kern.bootsessionuuid", &buffer, &size, nil, 0) == 0 else { return nil }
      return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    }()

    /// The microseconds from 1970 to the start of a process; nil where no living process has that number.
    static func startTime(of pid: Int32) -> Int64? {
      var query: [Int32] = [CTL_KERN, KERN_PROC, KERN_PROC_PID, pid]
      var information = kinfo_proc()
      var size = MemoryLayout<kinfo_proc>.stride
      guard
        sysctl(&query, UInt32(query.count), &information, &size, nil, 0) == 0, size > 0,
        information.kp_proc.p_stat != SZOMB
      else { return nil }
      let start = information.kp_proc.p_un.__p_starttime
      return Int64(start.tv_sec) * 1_000_000 + Int64(start.tv_usec)
    }
  #endif
}
