import CLabKernels
import LabGraph

/// A dynamic convolution by products of one tap at a time.
final class TapConvolutionKernel: Kernel {
  private let products: TapProducts
  private let x: SlotID
  private let weights: SlotID
  private let y: SlotID

  init(_ products: TapProducts, samples: Int, x: SlotID, weights: SlotID, y: SlotID, path: String) {
    self.products = products
    self.x = x
    self.weights = weights
    self.y = y
    super.init(.convolutionForward, path: path, samples: samples)
    reads = [x, weights] + products.operands.slots
    writes = [y]
  }

  private func scratch(_ base: UnsafeMutableRawPointer?, _ samples: Int) -> TapScratch {
    TapScratch(base, products, samples: samples, isGradient: false, holdsImageGradient: false)
  }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    scratchBytes = scratch(nil, min(chunkSizes.max() ?? 0, products.groupSize)).byteCount
  }

  override func run(_ worker: Worker) throws {
    for group in worker.groups(of: products.groupSize) {
      let scratch = scratch(worker.scratch, group.count)
      products.with(group, worker, weights: weights) { arguments in
        arguments.x = scratch.scaledImage(worker.pointer(x, sample: group.lowerBound), &arguments, products)
        arguments.scratch = scratch.products
        products.kernels.tapForward(&arguments, worker.pointer(y, sample: group.lowerBound))
      }
    }
  }
}
