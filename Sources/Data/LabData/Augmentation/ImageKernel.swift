import CLabImages

/// The interpolation of images for one instruction set; all give the same bits.
package struct ImageKernel: @unchecked Sendable, CustomStringConvertible {
  // Unchecked, because the pointer is to constants of the program.
  private let kernels: UnsafePointer<LabImageKernels>

  /// The widest of this machine, within `LABRUN_MAX_ISA`.
  package static let widest = ImageKernel(kernels: labImageKernels())

  /// All that this machine can run.
  package static let available = ["avx2", "portable"].compactMap { (name: String) in
    labImageKernelsNamed(name).map(ImageKernel.init(kernels:))
  }

  /// The instruction set's name.
  package var description: String { String(cString: kernels.pointee.name) }

  /// The floats of memory that an image needs while it is interpolated.
  static func scratchCount(_ shape: ImageShape) -> Int { labImageScratch(shape.height, shape.width) }

  /// Samples the channels that are described.
  func callAsFunction(_ sampling: inout LabImageSampling) { kernels.pointee.sample(&sampling) }
}
