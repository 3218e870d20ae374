#if canImport(CryptoKit)
  import CryptoKit

  /// The system's SHA-256 of content that arrives in pieces.
  struct SHA256Digest {
    private var hasher = SHA256()

    mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bufferPointer: bytes) }

    /// The 32 bytes of the digest of everything so far.
    func bytes() -> [UInt8] { Array(hasher.finalize()) }
  }
#else
  import CCrypto

  /// The system's SHA-256 of content that arrives in pieces.
  struct SHA256Digest {
    private var context = Context()

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
      if !isKnownUniquelyReferenced(&context) { context = Context(copying: context) }
      precondition(EVP_DigestUpdate(context.pointer, bytes.baseAddress, bytes.count) == 1, "SHA-256 failed")
    }

    /// The 32 bytes of the digest of everything so far.
    func bytes() -> [UInt8] {
      let end = Context(copying: context)
      var digest = [UInt8](repeating: 0, count: 32)
      precondition(EVP_DigestFinal_ex(end.pointer, &digest, nil) == 1, "SHA-256 failed")
      return digest
    }

    /// The library's state of a digest, which fails for lack of memory only.
    private final class Context {
      let pointer: OpaquePointer

      private init(_ pointer: OpaquePointer?) {
        guard let pointer else { fatalError("there is no memory for a SHA-256") }
        self.pointer = pointer
      }

      convenience init() {
        self.init(EVP_MD_CTX_new())
        precondition(EVP_DigestInit_ex(pointer, EVP_sha256(), nil) == 1, "SHA-256 failed")
      }

      convenience init(copying other: Context) {
        self.init(EVP_MD_CTX_new())
        precondition(EVP_MD_CTX_copy_ex(pointer, other.pointer) == 1, "SHA-256 failed")
      }

      deinit { EVP_MD_CTX_free(pointer) }
    }
  }
#endif
