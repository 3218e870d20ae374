import Foundation

/// The names under which people hand on the parts of a data set: `Training`, `test_set`, `val`, `train_images`.
enum SplitFolderName {
  /// The part that a name is usual for; nil where it is none of these names.
  ///
  /// - Parameter name: a folder's name or a table's entry, in any case.
  static func role(of name: String) -> SplitName? {
    let words = name.comparableName.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    guard let first = words.first, let last = words.last else { return nil }
    // Such as "train images", "seg_train" and "train".
    if let role = role(ofWord: words.joined()) ?? role(ofWord: last) { return role }
    return words.dropFirst().allSatisfy { additions.contains($0) || Int($0) != nil } ? role(ofWord: first) : nil
  }

  private static func role(ofWord word: String) -> SplitName? {
    var word = word
    while word.last?.isNumber == true { word.removeLast() }
    if let role = roles[word] { return role }
    guard let addition = additions.first(where: { word.hasSuffix($0) && word != $0 }) else { return nil }
    return roles[String(word.dropLast(addition.count))]
  }

  private static let roles: [String: SplitName] = [
    "train": .train, "training": .train, "trn": .train,
    "validation": .validation, "val": .validation, "valid": .validation, "dev": .validation,
    "test": .test, "testing": .test, "tst": .test, "eval": .test, "evaluation": .test,
  ]

  /// What is added to such names; longer ones first.
  private static let additions = [
    "samples", "dataset", "folder", "images", "split", "image", "data", "imgs", "part", "set", "img", "dir",
  ]
}
