import Foundation
import LabCore
import Testing

/// What is the machine's and what is the caller's.
@Suite struct MachineErrorTests {
  @Test(arguments: [
    EMFILE, ENFILE, EIO, ENOSPC, EDQUOT, EXDEV, ENOMEM, EAGAIN, ESTALE, EROFS, EFBIG,
  ]) func theMachinesStateIsNotTheCallersFault(code: Int32) {
    #expect(FileError(action: "open", path: "x", code: code).isErrorOfMachine)
    #expect(NSError(domain: NSPOSIXErrorDomain, code: Int(code)).isErrorOfMachine)
    let wrapped = CocoaError(
      .fileReadUnknown, userInfo: [NSUnderlyingErrorKey: NSError(domain: NSPOSIXErrorDomain, code: Int(code))])
    #expect((wrapped as any Error).isErrorOfMachine)
    #expect((wrapped as any Error).systemErrorCode == code)
  }

  @Test(arguments: [ENOENT, EACCES, EPERM, ENOTDIR, EISDIR, EEXIST, EINVAL, ENAMETOOLONG])
  func namesAndPermissionsAreTheCallers(code: Int32) {
    #expect(!FileError(action: "open", path: "x", code: code).isErrorOfMachine)
  }

  /// The numbers that the system really gives, as they come through Foundation.
  @Test func foundationsErrorsKeepTheSystemsNumber() throws {
    do {
      _ = try Data(contentsOf: URL(fileURLWithPath: "/nonexistent/file"))
      Issue.record("there is no such file")
    } catch {
      #expect(error.systemErrorCode == ENOENT)
      #expect(!error.isErrorOfMachine)
    }
  }

  @Test func whatDoesNotFitIsRefusedBeforeItIsWritten() throws {
    let folder = FileManager.default.temporaryDirectory.path
    let free = try #require(FreeSpace.bytes(at: folder))
    #expect(free > 0)
    try FreeSpace.require(1, for: folder + "/absent/file")
    let needed = free + (1 << 40)
    do {
      try FreeSpace.require(needed, for: folder + "/absent/file")
      Issue.record("a terabyte more than there is")
    } catch MachineError.space(let path, let wanted, let found) {
      #expect(path == folder + "/absent/file" && wanted == needed)
      let text = MachineError.space(path: path, needed: wanted, free: found).description
      #expect(text.contains("\(wanted - found) bytes are missing") && text.contains(path))
    }
    #expect(MachineError.space(path: "x", needed: 3, free: 1).isErrorOfMachine)
  }
}
