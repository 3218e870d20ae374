import Foundation
import LabCore
import LabData
import Testing

@Suite struct CIFARTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func record(_ labels: [UInt8], _ value: UInt8) -> Data {
    // The planes are value, value + 1 and value + 2, with one pixel that is different.
    var planes = Data((0..<3).flatMap { [UInt8](repeating: value + UInt8($0), count: 1024) })
    planes[1024 + 33] = 200
    return Data(labels) + planes
  }

  private func write(_ name: String, _ data: Data) throws {
    try data.write(to: URL(fileURLWithPath: folder.path + "/" + name))
  }

  private func prepare(_ name: String, options: [String: JSONValue] = [:]) throws -> PreparedDataset {
    try PreparedDataset(
      DatasetConfiguration(name: name, path: folder.path, options: options), environment: folder.environment)
  }

  @Test func binaryBatchesOfTenClasses() throws {
    for batch in 1...5 { try write("data_batch_\(batch).bin", record([UInt8(batch)], UInt8(batch)) + record([0], 50)) }
    try write("test_batch.bin", record([9], 90))
    try write("batches.meta.txt", Data((0..<10).map { "name \($0)\n" }.joined().utf8) + Data("\n".utf8))
    let dataset = try prepare("cifar10")
    #expect(dataset.train.labels == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0])
    #expect(dataset.test.labels == [9])
    #expect(dataset.classNames[9] == "name 9")
    let pixels = dataset.raw.pixels(at: 2, of: .train)
    #expect(Array(pixels.prefix(3)) == [2, 3, 4])
    #expect(Array(pixels[(33 * 3)..<(33 * 3 + 3)]) == [2, 200, 4])

    try write("data_batch_3.bin", record([10], 1))
    #expect(throws: DataError.self) { try prepare("cifar10") }
    try write("data_batch_3.bin", record([1], 1).dropLast())
    let error = #expect(throws: DataError.self) { try prepare("cifar10") }
    #expect(error?.description.hasSuffix("has 3072 bytes; expected whole records of 3073 bytes") == true)
  }

  @Test func fineAndCoarseLabelsOfAHundredClasses() throws {
    try write("train.bin", record([3, 77], 1) + record([19, 99], 2))
    try write("test.bin", record([0, 5], 3))
    let fine = try prepare("cifar100")
    #expect(fine.train.labels == [77, 99])
    #expect(fine.classNames.count == 100)
    let coarse = try prepare("cifar100", options: ["label_set": "coarse"])
    #expect(coarse.train.labels == [3, 19])
    #expect(coarse.classNames.count == 20)
    #expect(coarse.raw.pixels(at: 0, of: .test) == fine.raw.pixels(at: 0, of: .test))
    let error = #expect(throws: DataError.self) { try prepare("cifar10") }
    #expect(error?.description.contains("cifar-10-binary.tar.gz") == true)
  }
}
