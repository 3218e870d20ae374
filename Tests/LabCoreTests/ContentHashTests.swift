import Foundation
import LabCore
import Testing

@Suite struct ContentHashTests {
  /// Published vectors of SHA-256 (FIPS 180-4 and NIST's examples).
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func agreesWithPublishedVectors(_ text: String, _ expected: String) {
    #expect(ContentHash(of: text).hexadecimal == expected)
    #expect(ContentHash(of: Data(text.utf8)).description == expected)
  }

  @Test func piecesHashLikeTheWhole() {
    var hasher = ContentHasher()
    for piece in ["ab", "", "c"] { Data(piece.utf8).withUnsafeBytes { hasher.update($0) } }
    #expect(hasher.finish() == ContentHash(of: "abc"))
  }

  @Test func copiesOfAHasherGoTheirOwnWays() {
    var hasher = ContentHasher()
    hasher.update("a")
    let start = hasher.finish()
    var copy = hasher
    copy.update("b")
    #expect(hasher.finish() == start && copy.finish() != start)
    hasher.update("b")
    #expect(hasher.finish() == copy.finish())
  }

  @Test func neighboringStringsCannotRunTogether() {
    func hash(_ strings: [String]) -> ContentHash {
      var hasher = ContentHasher()
      for string in strings { hasher.update(string) }
      return hasher.finish()
    }
    #expect(hash(["ab", "c"]) != hash(["a", "bc"]))
    #expect(hash(["a", ""]) != hash(["a"]))
  }

  @Test func isCodedAsItsDigits() throws {
    let hash = ContentHash(of: "abc")
    let data = try JSONEncoder().encode([hash])
    #expect(String(decoding: data, as: UTF8.self) == "[\"\(hash.hexadecimal)\"]")
    #expect(try JSONDecoder().decode([ContentHash].self, from: data) == [hash])
    #expect(hash.short == "ba7816bf8f01")
  }

  @Test func runIdentityDependsOnConfigurationDataAndSeed() {
    let data = ContentHash(of: "data")
    let identity = RunIdentity(configuration: ["rate": 0.1, "depth": 20], dataHash: data, seed: 1)
    #expect(identity == RunIdentity(configuration: ["depth": 20.0, "rate": 0.1], dataHash: data, seed: 1))
    #expect(identity != RunIdentity(configuration: ["rate": 0.1, "depth": 20], dataHash: data, seed: 2))
    #expect(identity != RunIdentity(configuration: ["rate": 0.2, "depth": 20], dataHash: data, seed: 1))
    #expect(
      identity
        != RunIdentity(configuration: ["rate": 0.1, "depth": 20], dataHash: ContentHash(of: "other"), seed: 1))
  }
}
