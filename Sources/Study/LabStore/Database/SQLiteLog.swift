import Foundation
import GRDB
import LabCore
import Synchronization

/// What SQLite tells of the system's part in its failures: the errors that it returns leave the reason out.
enum SQLiteLog {
  private static let lastCode = Mutex<Int32?>(nil)

  /// Begins to listen; what is opened in this process before does not tell.
  static let listen: Void = {
    Database.logError = { _, message in
      // "os_unix.c:44055: (24) open(/results/labrun.sqlite) - Too many open files"
      guard let match = message.firstMatch(of: #/^os_unix\.c:\d+: \((\d+)\) /#), let code = Int32(match.output.1) else {
        return
      }
      lastCode.withLock { $0 = code }
    }
  }()

  /// The system's error number of the last failure that has not been asked for; nil where there is none.
  static func takeSystemCode() -> Int32? {
    lastCode.withLock { code in
      defer { code = nil }
      return code
    }
  }
}
