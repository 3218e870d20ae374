import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An error that knows whether the machine is to blame and not what it was asked to do.
public protocol MachineAttributable: Error {
  /// Whether the same request can succeed elsewhere or later: a disk that is full or does not answer, too many open files,
  /// no memory, no threads.
  var isOfMachine: Bool { get }
}

extension Error {
  /// Whether the machine is to blame, as far as the error or the system's error number behind it tells.
  ///
  /// This is the one place where that is decided: a run that ends so is tried again by the next sweep.
  public var isErrorOfMachine: Bool {
    if let error = self as? any MachineAttributable { return error.isOfMachine }
    return systemErrorCode.map(SystemError.isOfMachine) ?? false
  }

  /// The system's error number behind an error of this module or of Foundation; nil where there is none.
  public var systemErrorCode: Int32? {
    switch self {
    case let error as FileError: return error.code
    case let error as POSIXError: return error.code.rawValue
    default: break
    }
    let first: any Error = self
    var error = first as NSError
    // Foundation wraps the system's error, at times more than once.
    for _ in 0..<8 {
      if error.domain == NSPOSIXErrorDomain { return Int32(error.code) }
      guard let underlying = error.userInfo[NSUnderlyingErrorKey] as? any Error else { break }
      error = underlying as NSError
    }
    return nil
  }
}

/// The system's error numbers.
public enum SystemError {
  /// What names of files, permissions and arguments cause is the caller's to mend; all of these are not.
  private static let ofMachine: Set<Int32> = {
    var codes: Set<Int32> = [
      EMFILE, ENFILE, EIO, ENOSPC, EDQUOT, EXDEV, ENOMEM, EAGAIN, ESTALE, EROFS, EFBIG, EBUSY, ENXIO, ENODEV, ENOBUFS,
      ETIMEDOUT, ENOLCK, ENOTCONN, ECONNRESET, ECONNABORTED, EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENETUNREACH, EDEADLK,
    ]
    #if canImport(Glibc)
      codes.formUnion([EREMOTEIO, ENOLINK, ENOMEDIUM])
    #endif
    return codes
  }()

  /// Whether an error number speaks of the machine's state and not of the request.
  public static func isOfMachine(_ code: Int32) -> Bool { ofMachine.contains(code) }

  /// The system's words for an error number.
  public static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}

/// What the machine refuses, apart from files.
public enum MachineError: Error, Equatable, CustomStringConvertible, MachineAttributable {
  /// Memory cannot be had.
  case memory(bytes: Int?, purpose: String)
  /// Threads cannot be started.
  case threads(wanted: Int, code: Int32)
  /// A disk has less room than a file needs.
  case space(path: String, needed: Int, free: Int)
  /// A limit on the process's resources is too low for what is to be done.
  case limit(problem: String, remedy: String)

  public var isOfMachine: Bool { true }

  /// One sentence: what is refused, for what, and what to do.
  public var description: String {
    switch self {
    case .memory(let bytes, let purpose):
      let amount = bytes.map { "\(MachineError.megabytes($0)) of memory" } ?? "memory"
      return "the system refuses \(amount) for \(purpose): close other programs, raise the limit (ulimit -v), or use "
        + "fewer workers or smaller batches"
    case .threads(let wanted, let code):
      return
        "the system refuses to start \(wanted == 1 ? "a thread" : "\(wanted) threads") (\(SystemError.text(code))): "
        + "raise the limits on processes and memory (ulimit -u, ulimit -v), or use fewer workers and threads"
    case .space(let path, let needed, let free):
      return "\(path) needs \(MachineError.megabytes(needed)), but the disk has \(MachineError.megabytes(free)) left: "
        + "\(needed - free) bytes are missing"
    case .limit(let problem, let remedy): return "\(problem): \(remedy)"
    }
  }

  /// A number of bytes for messages.
  public static func megabytes(_ bytes: Int) -> String {
    bytes < 10_000_000_000 ? "\((bytes + 999_999) / 1_000_000) MB" : "\((bytes + 999_999_999) / 1_000_000_000) GB"
  }
}
