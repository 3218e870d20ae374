import Foundation
import LabCore
import Testing

/// What is wrong with a spec is said at its key, with what to do about it.
@Suite struct SpecMessageTests {
  /// The small spec with some texts replaced, and what a dry run says of it.
  private func dryRun(_ labrun: Labrun, _ changes: [(String, String)]) throws -> Labrun.Result {
    var text = Labrun.spec()
    for (old, new) in changes {
      #expect(text.contains(old), "\(old)")
      text = text.replacingOccurrences(of: old, with: new)
    }
    try labrun.write(text, to: "Experiments/tiny.json")
    return try labrun.run("sweep", "tiny", "--dry-run")
  }

  /// A batch normalisation over one image of one pixel a channel has nothing to normalise.
  @Test func aLastBatchOfOneImageIsSaidAtItsKeyWithTheRemedy() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let small = [
      ("\"image_size\": 16", "\"image_size\": 32"),
      ("\"architecture\": \"resnet\", \"depth\": 8, \"width\": 16", "\"architecture\": \"resnet18\", \"width\": 8"),
    ]
    let refused = try dryRun(labrun, small + [("\"batch_size\": 16", "\"batch_size\": 17")])
    #expect(refused.status == 65)
    #expect(
      refused.errors.contains(
        "Experiments/tiny.json:5:44: training.batch_size: the last batch of an epoch has a single image, and layer4.0."),
      "\(refused.errors)")
    #expect(refused.errors.contains("Leave that batch out with \"drop_last\": true, or choose another \"batch_size\""))
    let left = try dryRun(labrun, small + [("\"batch_size\": 16", "\"batch_size\": 17, \"drop_last\": true")])
    #expect(left.status == 0, "\(left.errors)")
    let single = try dryRun(labrun, small + [("\"batch_size\": 16", "\"batch_size\": 1")])
    #expect(single.status == 65)
    #expect(
      single.errors.contains("training.batch_size: a batch has a single image, and layer4.0."), "\(single.errors)")
    #expect(single.errors.contains("Raise \"batch_size\"") && !single.errors.contains("drop_last"))
    // A feature map of several pixels is enough.
    let large = try dryRun(
      labrun, [("\"batch_size\": 16", "\"batch_size\": 17"), ("[\"static\", \"odconv-1x\"]", "[\"static\"]")])
    #expect(large.status == 0, "\(large.errors)")
    #expect(
      large.errors.contains("training.batch_size: the last batch of an epoch has a single image (")
        && large.errors.contains("Leave that batch out with \"drop_last\": true"), "\(large.errors)")
    let whole = try dryRun(labrun, [("[\"static\", \"odconv-1x\"]", "[\"static\"]")])
    #expect(whole.status == 0 && !whole.errors.contains("a single image"), "\(whole.errors)")
  }

  /// Bounds in the wrong order, and images that are smaller than what is cut from them, are said at their keys.
  @Test func aCropThatCannotBeIsSaidAtItsKey() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let refused = try dryRun(
      labrun, [("\"crop-flip\"", "{ \"random_resized_crop\": { \"scale\": [0.5, 0.2] } }")])
    #expect(refused.status == 65)
    #expect(
      refused.errors.contains("training.augmentation.random_resized_crop.scale: ")
        && refused.errors.contains("is [0.5, 0.2]; expected two numbers above 0, the least and the largest one"),
      "\(refused.errors)")
    #expect(refused.errors.firstMatch(of: /tiny\.json:5:\d+: training\.augmentation/) != nil, "\(refused.errors)")
    let small = try dryRun(labrun, [("\"image_size\": 16", "\"image_size\": 16, \"stored_size\": 12")])
    #expect(small.status == 65)
    #expect(small.errors.contains("option \"stored_size\" is 12; expected at least the 16 pixels"), "\(small.errors)")
  }

  /// Of each list of patterns the one that matches nothing is named, with the nearest that would.
  @Test func aPatternThatMatchesNothingIsSaidAtItsKey() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    for (key, value, index, problem) in [
      (
        "frozen_statistics", "[\"*\", \"layr1.*\"]", 1,
        "\"layr1.*\" in \"frozen_statistics\" matches no running statistics of the model"
      ),
      (
        "parameter_groups", "[{ \"pattern\": \"tag:haed\", \"learning_rate_factor\": 2 }]", 0,
        "\"tag:haed\" in \"parameter_groups\" matches no weight of the model (did you mean \"tag:head\"?)"
      ),
      // What is drawn anew is looked for once there are weights.
      (
        "initial_exclude", "[\"fc.*\", \"tag:haed\"], \"initial_weights\": \"start.safetensors\"", 1,
        "\"tag:haed\" in \"initial_exclude\" matches no weight of the model (did you mean \"tag:head\"?)"
      ),
    ] {
      let header = "{\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"
      let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
      try (length + Data(header.utf8) + Data(count: 4)).write(
        to: labrun.folder.appendingPathComponent("start.safetensors"))
      let result = try dryRun(labrun, [("\"batch_size\": 16", "\"batch_size\": 16, \"\(key)\": \(value)")])
      #expect(result.status == 65)
      #expect(result.errors.contains("training.\(key)[\(index)]: \(problem)"), "\(result.errors)")
      #expect(result.errors.contains("Experiments/tiny.json:5:"), "\(result.errors)")
    }
  }
}
