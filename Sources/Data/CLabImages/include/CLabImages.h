#ifndef CLABIMAGES_H
#define CLABIMAGES_H

#include <stdint.h>

// The sampling of augmented images, compiled for several instruction sets and chosen at run time.
//
// All sets give the same bits: each value is the result of the same operations in the same order, none of them fused,
// whatever the length of a vector. Pointers need the alignment of their elements only. Nothing is allocated.

// An image's extents. At most 4 channels are sampled at a time, which are neighbours among `stride`, the channels of a
// pixel in memory.
typedef struct {
  long channels, height, width, stride;
} LabImageExtent;

// A change of brightness and contrast; the mean luminance is computed from the image.
typedef struct {
  float brightness, contrast;  // 1 leaves values as they are
  float luminance[4];          // what each channel counts for the luminance of a pixel
  float shift[4], factor[4];   // what turns a value between 0 and 1 into a normalised one
} LabImageLight;

// An image whose pixels are turned into values first, either by a table or as a light says, and then interpolated
// between, bilinearly: the output's pixel at (column, row) is what the image is at
// x = map[0]·column + (map[1]·row + map[2]), y = map[3]·column + (map[4]·row + map[5]).
typedef struct {
  LabImageExtent extent;
  const uint8_t *image;        // the first channel of the first pixel
  const float *table;          // [channels][256], or NULL where there is a light
  const LabImageLight *light;  // or NULL
  float fill[4];               // what each channel is outside the image
  float map[6];
  float *scratch;              // labImageScratch floats
  float *output;               // [channels][height][width]
} LabImageSampling;

typedef struct {
  const char *name;
  void (*sample)(const LabImageSampling *sampling);
} LabImageKernels;

// The floats of memory that sampling an image needs.
long labImageScratch(long height, long width);

// The kernels for the widest instruction set that this machine can run and that is no wider than the one that the
// environment variable LABRUN_MAX_ISA (avx512, avx2, portable) names. Another value counts as unset.
const LabImageKernels *labImageKernels(void);

// The kernels of a name (avx2, portable), or NULL where this machine cannot run them.
const LabImageKernels *labImageKernelsNamed(const char *name);

// An image that is cropped to its own extents and mirrored, by whole pixels: the output's pixel at (column, row), before
// mirroring, is the image's at (column + offsetX, row + offsetY).
typedef struct {
  long channels, height, width;
  const uint8_t *image;
  const float *table;  // [channels][256]
  const float *fill;   // what each channel is outside the image
  long offsetX, offsetY;
  int isFlipped;
  float *output;  // [channels][height][width]
} LabImageShift;

// Looks up the values of an image's pixels.
void labImageShift(const LabImageShift *shift);

// A part of an image that is brought to another height and width by a triangle filter that widens as the part shrinks,
// so that nothing is skipped over; what is beyond the part's edges has no weight.
typedef struct {
  const uint8_t *image;  // the first channel of the part's first pixel
  long rowStride;        // the bytes from a row of the image to the next one
  long ownChannels;      // those of the image: `channels`, or 1 that becomes 3, or 3 whose luminance becomes 1
  long channels, height, width;
  double heightSpan, widthSpan;  // how much of that the picture covers; less than all, where the last pixel is cut
  long newHeight, newWidth;
  float *scratch;   // labImageResizingScratch floats
  uint8_t *output;  // [newHeight][newWidth][channels]
} LabImageResizing;

// The floats of memory that resizing needs.
long labImageResizingScratch(long channels, long height, long width, long newHeight, long newWidth);

// Resizes; the same bits on every machine.
void labImageResize(const LabImageResizing *resizing);

#endif
