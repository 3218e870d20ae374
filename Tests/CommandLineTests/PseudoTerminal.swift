import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A terminal that nobody looks at: what a program writes to it can be read at the other end.
struct PseudoTerminal {
  private let master: Int32
  private let slave: Int32

  /// - Parameters:
  ///   - columns: the width of its window.
  ///   - rows: the height of its window.
  init(columns: UInt16 = 160, rows: UInt16 = 40) throws {
    #if os(Linux)
      // Glibc's module hides posix_openpt and its kin; these are what they do.
      master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
      var (lock, number): (Int32, UInt32) = (0, 0)
      let (unlock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
      guard master >= 0, ioctl(master, unlock, &lock) == 0, ioctl(master, getNumber, &number) == 0 else {
        throw CocoaError(.fileNoSuchFile)
      }
      let name = "/dev/pts/\(number)"
    #else
      master = posix_openpt(O_RDWR | O_NOCTTY)
      guard master >= 0, grantpt(master) == 0, unlockpt(master) == 0, let pointer = ptsname(master) else {
        throw CocoaError(.fileNoSuchFile)
      }
      let name = String(cString: pointer)
    #endif
    slave = open(name, O_RDWR | O_NOCTTY)
    guard slave >= 0 else { throw CocoaError(.fileReadUnknown) }
    // Line ends arrive as they were written.
    var settings = termios()
    tcgetattr(slave, &settings)
    settings.c_oflag &= ~tcflag_t(OPOST)
    tcsetattr(slave, TCSANOW, &settings)
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
  }

  /// Runs a process whose output and errors go to the terminal.
  ///
  /// - Returns: all that it wrote.
  func run(_ process: Process) throws -> String {
    process.standardOutput = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
    process.standardError = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
    try process.run()
    Labrun.limit(process)
    close(slave)
    defer { close(master) }
    var written: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    // Reading fails when the last process that has the terminal open is gone.
    while case let count = read(master, &buffer, buffer.count), count > 0 { written += buffer[..<count] }
    process.waitUntilExit()
    return String(decoding: written, as: UTF8.self)
  }

  /// Runs a process that has the terminal for its input as well.
  ///
  /// - Parameter reaction: is given all that was written so far, again and again, and returns keys to press.
  /// - Returns: all that it wrote, and whether the terminal shows keys and waits for whole lines, as it did before.
  func run(_ process: Process, reaction: (String) -> String) throws -> (output: String, isRestored: Bool) {
    process.standardInput = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
    process.standardOutput = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
    process.standardError = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
    try process.run()
    Labrun.limit(process)
    defer {
      close(slave)
      close(master)
    }
    var written: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    var request = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    while true {
      let isRunning = process.isRunning
      if poll(&request, 1, 50) > 0 {
        let count = read(master, &buffer, buffer.count)
        if count > 0 { written += buffer[..<count] }
      } else if !isRunning {
        break
      }
      let keys = Array(reaction(String(decoding: written, as: UTF8.self)).utf8)
      if !keys.isEmpty, isRunning { _ = write(master, keys, keys.count) }
    }
    var settings = termios()
    tcgetattr(slave, &settings)
    let shown = tcflag_t(ICANON | ECHO)
    return (String(decoding: written, as: UTF8.self), settings.c_lflag & shown == shown)
  }
}

extension Labrun {
  /// Runs the program on a terminal, with colours.
  func runOnTerminal(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = process(arguments, variables: ["TERM": "xterm", "NO_COLOR": "", "COLUMNS": ""])
    let output = try PseudoTerminal().run(process)
    return (process.terminationStatus, output)
  }
}
