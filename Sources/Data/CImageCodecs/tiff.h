#ifndef LAB_TIFF_H
#define LAB_TIFF_H

#include <stdint.h>
#include <tiffio.h>

#include "CImageCodecs.h"

// What the pixels of an image are made from: numbers of grey, of a palette, of colors, of inks, or what only the library's
// own conversion understands.
typedef enum { grey, inverseGrey, palette, rgb, inks, other } LabTIFFKind;

// An open image.
typedef struct {
  TIFF *file;
  LabTIFFKind kind;
  uint32_t width, height;  // as the rows are stored
  uint16_t bits, samples, orientation;
  int isSeparate, isPremultiplied;
  int alpha;  // the sample that says how opaque a pixel is; 0: none
  const uint16_t *colors[3];
} LabTIFFImage;

static inline int labTIFFChannelCount(const LabTIFFImage *image) {
  return image->kind == grey || image->kind == inverseGrey ? 1 : 3;
}

// Notes what is wrong, unless something is noted already. Returns 1.
int labTIFFDamaged(LabImageMessage *message, const char *text);

// Reads the pixels as their rows are stored. Returns 0 on success.
int labTIFFReadRows(const LabTIFFImage *image, uint8_t *pixels, LabImageMessage *message);

#endif
