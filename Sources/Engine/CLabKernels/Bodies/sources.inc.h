// Blocked activations that are read in single precision or in bfloat16.
//
// Kernels read spans of single-precision pixels. Where an operand is in bfloat16, spans are short, and each is widened
// into memory that stays in the first-level cache.

enum { widenedPixels = 64 };

// The memory of one operand's span.
typedef struct {
  float pixels[widenedPixels * LAB_BLOCK] __attribute__((aligned(64)));
} WidenedSpan;

LAB_INLINE bool isAbsent(LabSource source) { return source.floats == NULL && source.bfloat16 == NULL; }

LAB_INLINE bool areSame(LabSource a, LabSource b) { return a.floats == b.floats && a.bfloat16 == b.bfloat16; }

// The `pixels` pixels of a source from an offset on, NULL where it is absent. The memory's own prediction does not see far
// enough past the end of a short span, so the lines of the next one are asked for.
LAB_INLINE const float *spanOf(LabSource source, LabInt offset, LabInt pixels, WidenedSpan *memory) {
  if (source.floats) return source.floats + offset;
  if (source.bfloat16 == NULL) return NULL;
  enum { lineNumbers = 32 };
  const uint16_t *bfloats = source.bfloat16 + offset;
  for (LabInt i = 0; i < pixels * lanes; i += lineNumbers) __builtin_prefetch(bfloats + widenedPixels * lanes + i, 0, 3);
  widenBFloat16(pixels * lanes, bfloats, memory->pixels);
  return memory->pixels;
}
