import Foundation
import LabCore
import LabData
import Testing

/// Data whose files changed in ways that size and time do not show are other data.
@Suite struct FileIdentityTests {
  private let folder: TemporaryFolder
  private let files = FileManager.default

  init() throws { folder = try TemporaryFolder() }

  private func prepare(_ path: String) throws -> PreparedDataset {
    try PreparedDataset(DatasetConfiguration(name: "idx", path: path), environment: folder.environment)
  }

  private var labels: String { folder.path + "/idx/train-labels-idx1-ubyte" }

  /// The labels with another first one.
  private func otherLabels() throws -> Data {
    var data = try Data(contentsOf: URL(fileURLWithPath: labels))
    data[8] = 2
    return data
  }

  private func modified(_ path: String) throws -> Date {
    try #require(try files.attributesOfItem(atPath: path)[.modificationDate] as? Date)
  }

  @Test func unchangedFilesStayTheSame() throws {
    let copy = try folder.copyOfIDXFixture()
    #expect(try FileIdentity(path: labels) == FileIdentity(path: copy + "/../idx/train-labels-idx1-ubyte"))
    // Runs are found again by this hash, which neither the place nor the age of files enters.
    let hash = "7ffa92b49e42"
    #expect(try prepare(copy).contentHash.short == hash)
    #expect(try prepare(fixture("idx")).contentHash.short == hash)
  }

  @Test func targetsOfLinksAreLookedAt() throws {
    let copy = try folder.copyOfIDXFixture()
    let other = folder.path + "/other"
    try files.copyItem(atPath: copy, toPath: other)
    try otherLabels().write(to: URL(fileURLWithPath: other + "/train-labels-idx1-ubyte"))
    let link = folder.path + "/link"
    try files.createSymbolicLink(atPath: link, withDestinationPath: copy)
    let before = try prepare(link)
    #expect(before.train.labels[0] == 0)

    try files.removeItem(atPath: link)
    try files.createSymbolicLink(atPath: link, withDestinationPath: other)
    #expect(try prepare(link).train.labels[0] == 2)
    #expect(try prepare(link).contentHash != before.contentHash)
  }

  @Test func contentBehindALinkMayBeWrittenAnew() throws {
    let copy = try folder.copyOfIDXFixture()
    let target = folder.path + "/target"
    try files.moveItem(atPath: labels, toPath: target)
    try files.createSymbolicLink(atPath: labels, withDestinationPath: target)
    #expect(try prepare(copy).train.labels[0] == 0)
    try otherLabels().write(to: URL(fileURLWithPath: target))
    #expect(try prepare(copy).train.labels[0] == 2)
  }

  /// As `cp -p` and unpacking an archive leave it: another file with the size and time of the old one.
  @Test(arguments: [false, true]) func replacementOfEqualSizeAndTimeIsNoticed(inPlace: Bool) throws {
    let copy = try folder.copyOfIDXFixture()
    let time = Date(timeIntervalSince1970: 1e9)
    try files.setAttributes([.modificationDate: time], ofItemAtPath: labels)
    #expect(try prepare(copy).train.labels[0] == 0)
    let before = try FileIdentity(path: labels)
    let data = try otherLabels()
    if inPlace {
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: labels))
      try handle.write(contentsOf: data)
      try handle.close()
    } else {
      try data.write(to: URL(fileURLWithPath: labels), options: .atomic)
    }
    try files.setAttributes([.modificationDate: time], ofItemAtPath: labels)
    #expect(try modified(labels) == time)
    #expect(try FileIdentity(path: labels) != before)
    #expect(try prepare(copy).train.labels[0] == 2)
  }

  @Test func missingFilesAreNamed() throws {
    let error = #expect(throws: DataError.self) { try FileIdentity(path: folder.path + "/none") }
    #expect(
      error?.description == "cannot use \(folder.path)/none: it is not there; check that it exists and may be read")
  }
}
