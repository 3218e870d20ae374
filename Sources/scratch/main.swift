import BackendOneDNN
import Foundation
import LabCore
import LabGraph

nonisolated(unsafe) let b = GraphBuilder()
nonisolated(unsafe) let N = 64
nonisolated(unsafe) let kk = Int(CommandLine.arguments.dropFirst().first ?? "0")!
let threads = Int(CommandLine.arguments.dropFirst(2).first ?? "1")!
nonisolated(unsafe) var params: [Tensor] = []
func P(_ n: String, _ s: Shape) throws -> Tensor { let t = try b.variable(named: n, s, role: .parameter); params.append(t); return t }
var inits: [String: Float] = [:]
func conv(_ x: Tensor, _ n: String, _ o: Int, _ k: Int, _ s: Int) throws -> Tensor {
  try b.scope(n) { try b.apply(Convolution2D(ConvolutionGeometry(stride: s, padding: k / 2)), x, P(n + ".weight", [o, x.shape[1], k, k])) }
}
func bn(_ x: Tensor, _ n: String) throws -> Tensor {
  try b.scope(n) {
    let c = x.shape[1]
    let rm = try b.variable(named: n + ".rm", [c], role: .buffer), rv = try b.variable(named: n + ".rv", [c], role: .buffer)
    let r = try b.apply(BatchNormalization(), [x, P(n + ".gamma", [c]), P(n + ".beta", [c]), rm, rv])
    try b.update(rm, to: r[3]); try b.update(rv, to: r[4])
    return r[0]
  }
}
func relu(_ x: Tensor) throws -> Tensor { try b.apply(Activation(.relu), x) }
func od(_ x: Tensor, _ n: String, _ o: Int, _ s: Int) throws -> Tensor {
  if kk == 0 { return try conv(x, n, o, 3, s) }
  return try b.scope(n) {
    let c = x.shape[1]
    let a = max(c / 16, 16)
    let gap = try b.apply(Reduction(.mean, axes: [2, 3]), x)
    let z = try relu(bn(b.apply(MatrixProduct(transposesRight: true), gap, P(n + ".fc", [a, c])), n + ".abn"))
    func head(_ m: String, _ w: Int) throws -> Tensor {
      try b.apply(Binary(.add), b.apply(MatrixProduct(transposesRight: true), z, P(n + m + ".weight", [w, a])), P(n + m + ".bias", [w]))
    }
    let sp = try b.apply(Activation(.sigmoid), head(".sp", 9)), ch = try b.apply(Activation(.sigmoid), head(".ch", c)), fi = try b.apply(Activation(.sigmoid), head(".fi", o))
    var att: DynamicAttentions = [.spatial, .channel, .filter]
    var ins = [x, try P(n + ".weight", [kk, o, c, 3, 3])]
    if kk > 1 { att.insert(.kernel); ins.append(try b.apply(Softmax(), head(".ke", kk))) }
    return try b.apply(DynamicConvolution2D(ConvolutionGeometry(stride: s, padding: 1), attentions: att), ins + [sp, ch, fi])[0]
  }
}
nonisolated(unsafe) let W = 16
let images = try b.input("images", [N, 3, 32, 32]), labels = try b.input("labels", [N], .int32), lr = try b.input("lr", .scalar)
var x = try relu(bn(conv(images, "conv1", W, 3, 1), "bn1"))
for s in 0..<3 {
  for i in 0..<3 {
    let o = W << s, st = s > 0 && i == 0 ? 2 : 1, n = "layer\(s).\(i)"
    var sc = x
    var y = try relu(bn(od(x, n + ".conv1", o, st), n + ".bn1"))
    y = try bn(od(y, n + ".conv2", o, 1), n + ".bn2")
    if st != 1 { sc = try bn(conv(x, n + ".down", o, 1, st), n + ".dbn") }
    x = try relu(b.apply(Binary(.add), y, sc))
  }
}
let pooled = try b.apply(Reduction(.mean, axes: [2, 3]), x)
let logits = try b.apply(Binary(.add), b.apply(MatrixProduct(transposesRight: true), pooled, P("fc.weight", [10, 4 * W])), P("fc.bias", [10]))
let losses = try b.apply(ClassificationLoss(.crossEntropy(labelSmoothing: 0)), logits, labels)
let loss = try b.apply(Reduction(.mean, axes: [0]), losses)
try b.output("loss", loss)
let grads = try b.gradients(of: loss, withRespectTo: params)
b.stage = .update
let one = b.constant(1)
for (p, g) in zip(params, grads) {
  let name = b.graph.variables.first { $0.value == p.id }!.name
  let v = try b.variable(named: "v." + name, p.shape, role: .optimizerState)
  let r = try b.apply(SGDUpdate(momentum: 0.9, isNesterov: false, weightDecay: 5e-4), [p, g!, v, lr, one])
  try b.update(p, to: r[0]); try b.update(v, to: r[1])
}
let t0 = Date()
let session = try OneDNNBackend().makeSession(SessionOptions(threads: threads, profiles: CommandLine.arguments.count > 3))
let exe = try session.compile(b.graph)
print("compiled in \(Date().timeIntervalSince(t0)) s, planned \(exe.plannedBytes >> 20) MiB, vars \(exe.variableBytes >> 10) KiB")
for v in session.variables {
  let c = v.type.shape.elementCount
  let r = RandomStream(seed: 1, name: v.name)
  let fan = v.type.shape.dimensions.suffix(max(v.type.shape.rank - 1, 0) == 4 ? 3 : max(v.type.shape.rank - 1, 0)).reduce(1, *)
  if v.role == .optimizerState { continue }
  if v.name.hasSuffix("gamma") || v.name.hasSuffix("rv") { try session.write(v.name, [Float](repeating: 1, count: c)) }
  else if v.type.shape.rank > 1 { try session.write(v.name, (0..<c).map { Float(r.normal(UInt64($0))) * (2 / Float(fan)).squareRoot() }) }
}
let rx = RandomStream(seed: 2, name: "x")
let im = try exe.floatInput("images"), la = try exe.integerInput("labels")
for i in 0..<im.count { im[i] = Float(rx.normal(UInt64(i))) }
for i in 0..<N { la[i] = Int32(i % 10) }
try exe.set("lr", 0.01)
for _ in 0..<5 { try exe.run(); print(try exe.read("loss")[0], terminator: " ") }
print()
_ = exe.takeProfile()
var times: [Double] = []
for _ in 0..<30 { let t = clock(); try exe.run(); times.append(Double(clock() - t) * 1e-3) }
times.sort()
print("loss \(try exe.read("loss")[0]) median \(times[15]) ms min \(times[0]) peak \(OneDNNBackend.measurePeakGigaflops())")
for (k, s) in exe.takeProfile().sorted(by: { $0.value > $1.value }) { print("  \(k.rawValue) \(s * 1e3 / 30)") }
