/// What the test images say nothing of, and why.
struct ImageOmissions {
  private var problems: [String]
  private var reasons = [(text: String, members: [String])]()

  /// - Parameter problems: what could not be used of the predictions, a sentence each without a point.
  init(_ problems: [String]) { self.problems = problems }

  /// Leaves out a comparison.
  mutating func add(_ variant: String, _ reference: String, _ reason: String) {
    add("\(variant) and \(reference)", to: "Left out, since \(reason): ")
  }

  /// Leaves out seeds of a comparison that has others.
  mutating func addSeeds(_ variant: String, _ reference: String, _ seeds: String, isOne: Bool) {
    add(
      "\(variant) and \(reference) (\(isOne ? "seed" : "seeds") \(seeds))",
      to: "Without predictions for the same images: ")
  }

  private mutating func add(_ member: String, to text: String) {
    if let index = reasons.firstIndex(where: { $0.text == text }) {
      reasons[index].members.append(member)
    } else {
      reasons.append((text, [member]))
    }
  }

  /// A sentence a reason.
  var sentences: [String] {
    reasons.map { $0.text + FairnessAudit.listed($0.members, limit: 10) + "." }
      + (problems.isEmpty ? [] : ["Not used: \(FairnessAudit.listed(problems, limit: 10))."])
  }
}
