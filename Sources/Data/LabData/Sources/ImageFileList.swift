import LabCore

/// Image files with their labels, as a folder, a list or an archive's tables describe them.
package struct ImageFileList: Sendable {
  /// One image file.
  package struct Entry: Hashable, Sendable {
    /// The path.
    var path: String
    /// The path as messages show it, without the folder that all share.
    var name: String
    /// The class.
    var label: Int32
    /// What the image belongs to (a recording, a patient), where that is known.
    var group: String?
    /// The part of the image that is used; nil takes all.
    var region: PixelRegion?
    /// What names the file, such as `line 4 of list.csv`; nil where it was found in a folder.
    var source: String?
  }

  /// The folder or file that was read.
  var origin: String
  /// The name of each class; a label is an index into it.
  var classNames: [String]
  /// The training images.
  var train: [Entry]
  /// The images that are published for validation.
  var validation: [Entry] = []
  /// The test images.
  var test: [Entry]
  /// What became of every file.
  var account = FileAccount()
  /// What is odd about the files.
  var findings: [Finding] = []
  /// Why there are no test images, where something looks as if it were some.
  var lackOfTest: String?

  /// The images of one part; validation images are training images as published, and stand behind them.
  func entries(of part: DatasetPart) -> [Entry] { part == .train ? train + validation : test }

  /// Moves a share of the training images to the test images where there are none: whole groups where there are any,
  /// else in equal proportion of every class.
  ///
  /// - Throws: ``DataError/unusableSplit(subject:actual:expected:)`` where there is nothing to test with.
  mutating func holdOutTest(share: Double?, seed: Int, dataset: String) throws {
    guard test.isEmpty else {
      guard share == nil else {
        throw DataError.unusableSplit(
          subject: "test_share", actual: "\(share ?? 0)", expected: "null, since \(origin) has test images of its own")
      }
      return
    }
    guard let share else {
      throw DataError.unusableSplit(
        subject: "the test part of data set \(dataset)",
        actual: "missing in \(origin)" + (lackOfTest.map { " (\($0))" } ?? ""),
        expected: "test images, or \"test_share\" with the share of the images that is set aside for testing")
    }
    let labels = train.map(\.label)
    let selection = SubsetSelection(labels: labels, classCount: classNames.count, seed: UInt64(seed))
    let all = labels.indices.map(Int32.init)
    let count = Int((share * Double(all.count)).rounded())
    let groups = ImageFileList.numbered(train.map(\.group))
    let chosen = Set(
      groups.map { selection.grouped(all, groups: $0, count: count) }
        ?? selection.stratified(all, limit: count, purpose: "test share"))
    guard !chosen.isEmpty, chosen.count < train.count else {
      throw DataError.unusableSplit(
        subject: "test_share", actual: "\(share) of \(train.count) images",
        expected: "a share with at least one image, or whole group, on either side")
    }
    test = all.filter(chosen.contains).map { train[Int($0)] }
    train = all.filter { !chosen.contains($0) }.map { train[Int($0)] }
  }

  /// Groups numbered in the order in which they first occur; nil where an image has none.
  static func numbered(_ groups: [String?]) -> [Int32]? {
    var numbers = [String: Int32]()
    var result = [Int32]()
    for group in groups {
      guard let group else { return nil }
      let number = numbers[group] ?? Int32(numbers.count)
      numbers[group] = number
      result.append(number)
    }
    return result.isEmpty ? nil : result
  }

  /// Names in the order of their numbers where all are numbers, else in alphabetical order.
  static func sortedClassNames(_ names: Set<String>) -> [String] {
    let numbers = names.map { Int($0) }
    if numbers.allSatisfy({ $0 != nil }) { return names.sorted { (Int($0) ?? 0, $0) < (Int($1) ?? 0, $1) } }
    return names.sorted()
  }
}
