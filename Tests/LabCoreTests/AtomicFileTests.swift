import Foundation
import LabCore
import Testing

@Suite struct AtomicFileTests {
  private struct Interruption: Error {}

  /// Runs `body` with a folder of its own.
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "atomic-file-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func content(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }

  @Test func createsAndReplaces() throws {
    try withFolder { folder in
      let path = folder + "/table.json"
      try AtomicFile.write(Data("old".utf8), to: path)
      #expect(try content(path) == "old")
      try AtomicFile.write(Data("new and longer".utf8), to: path)
      #expect(try content(path) == "new and longer")
      try AtomicFile.write(Data(), to: path)
      #expect(try content(path) == "")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["table.json"])
    }
  }

  @Test func anInterruptedWriteLeavesTheOldFile() throws {
    try withFolder { folder in
      let path = folder + "/weights.h5"
      try AtomicFile.write(Data("old".utf8), to: path)
      #expect(throws: Interruption.self) {
        try AtomicFile.replace(path) { temporary in
          try Data("half".utf8).write(to: URL(fileURLWithPath: temporary))
          #expect(try content(path) == "old")
          throw Interruption()
        }
      }
      #expect(try content(path) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["weights.h5"])
    }
  }

  @Test func theTemporaryFileIsOnTheSameFileSystem() throws {
    try withFolder { folder in
      try AtomicFile.replace(folder + "/a") { temporary in
        #expect((temporary as NSString).deletingLastPathComponent == folder)
        try Data("x".utf8).write(to: URL(fileURLWithPath: temporary))
      }
    }
  }

  @Test func errorsNameTheFileAndTheReason() throws {
    try withFolder { folder in
      let error = #expect(throws: FileError.self) {
        try AtomicFile.write(Data("x".utf8), to: folder + "/missing/file")
      }
      #expect(error?.code == ENOENT)
      #expect(error?.description.contains("missing/file") == true)
      #expect(error?.description.contains("No such file or directory") == true)
      #expect(error?.isDiskFull == false)
    }
  }

  @Test func aFullDiskIsRecognized() {
    #expect(FileError(action: "write", path: "a", code: ENOSPC).isDiskFull)
    #expect(FileError(action: "write", path: "a", code: EDQUOT).isDiskFull)
    #expect(
      FileError(action: "write", path: "a", code: ENOSPC).description == "cannot write a: No space left on device")
  }
}
