import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads keys from the terminal one by one, without showing them; Ctrl-C stays a signal.
final class KeyReader {
  private let descriptor = STDIN_FILENO
  /// The terminal's settings before; nil where standard input is none.
  private var settings: termios?

  init() {
    var before = termios()
    // Who is not in the foreground may not change a terminal, and would be stopped.
    guard isatty(descriptor) == 1, tcgetpgrp(descriptor) == getpgrp() || tcgetpgrp(descriptor) == -1,
      tcgetattr(descriptor, &before) == 0
    else { return }
    var single = before
    single.c_lflag &= ~tcflag_t(ICANON | ECHO)
    // A stopped process would leave the terminal as it is now.
    withUnsafeMutableBytes(of: &single.c_cc) { $0[Int(VSUSP)] = 0 }
    guard tcsetattr(descriptor, TCSANOW, &single) == 0 else { return }
    settings = before
  }

  /// Waits for a key.
  ///
  /// - Parameter milliseconds: the longest time to wait.
  /// - Returns: the key; nil where none was pressed.
  func key(waiting milliseconds: Int32) -> Character? {
    guard settings != nil else {
      usleep(UInt32(milliseconds) * 1000)
      return nil
    }
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, milliseconds) > 0 else { return nil }
    var byte: UInt8 = 0
    guard read(descriptor, &byte, 1) == 1 else {
      // A terminal that is gone has no more keys, and is not to be asked without a pause.
      usleep(UInt32(milliseconds) * 1000)
      return nil
    }
    return Character(Unicode.Scalar(byte))
  }

  /// Gives the terminal its settings back.
  func close() {
    guard var settings else { return }
    tcsetattr(descriptor, TCSANOW, &settings)
    self.settings = nil
  }

  deinit { close() }
}
