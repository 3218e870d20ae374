#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiff.h"

typedef struct {
  const uint8_t *bytes;
  toff_t count, position;
  LabImageMessage *message;
} Source;

// MARK: Reading from memory

static tmsize_t readBytes(thandle_t handle, void *output, tmsize_t count) {
  Source *source = handle;
  if (count < 0 || source->position > source->count) return 0;
  const toff_t left = source->count - source->position;
  const toff_t length = (toff_t)count < left ? (toff_t)count : left;
  memcpy(output, source->bytes + source->position, length);
  source->position += length;
  return (tmsize_t)length;
}

static tmsize_t writeBytes(thandle_t handle, void *bytes, tmsize_t count) {
  (void)handle;
  (void)bytes;
  (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int origin) {
  Source *source = handle;
  if (origin == SEEK_CUR) offset += source->position;
  if (origin == SEEK_END) offset += source->count;
  return source->position = offset;
}

static int closeSource(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t sizeOfSource(thandle_t handle) { return ((Source *)handle)->count; }

// MARK: Errors

// The library's handlers are the process's own; each message comes with the source that it is about.
static void onError(thandle_t handle, const char *module, const char *format, va_list arguments) {
  (void)module;
  Source *source = handle;
  // The first error is the cause of those that follow.
  if (!source || source->message->text[0]) return;
  vsnprintf(source->message->text, sizeof source->message->text, format, arguments);
}

// Warnings that mean lost pixels are errors; those about tags are not.
static void onWarning(thandle_t handle, const char *module, const char *format, va_list arguments) {
  if (!module || strcmp(module, "JPEGLib") != 0) return;
  char text[256];
  va_list copy;
  va_copy(copy, arguments);
  vsnprintf(text, sizeof text, format, copy);
  va_end(copy);
  if (strstr(text, "Premature") || strstr(text, "Corrupt")) onError(handle, module, format, arguments);
}

static pthread_once_t handlersAreSet = PTHREAD_ONCE_INIT;

static void setHandlers(void) {
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  TIFFSetErrorHandlerExt(onError);
  TIFFSetWarningHandlerExt(onWarning);
}

static int unsupported(LabImageMessage *message, const char *text, int number) {
  snprintf(message->text, sizeof message->text, text, number);
  message->isUnsupported = 1;
  return 1;
}

int labTIFFDamaged(LabImageMessage *message, const char *text) {
  if (!message->text[0]) strncpy(message->text, text, sizeof message->text - 1);
  return 1;
}

// MARK: The first image

// Finds out how the samples are stored. Returns 0 where they can be read.
static int describe(LabTIFFImage *image, LabImageMessage *message) {
  TIFF *file = image->file;
  uint16_t photometric, compression, format, planar, inkSet, extraCount = 0, *extras = NULL;
  if (!TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &image->width) || !TIFFGetField(file, TIFFTAG_IMAGELENGTH, &image->height))
    return labTIFFDamaged(message, "it has no width or no height");
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &image->bits);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &image->samples);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted(file, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(file, TIFFTAG_COMPRESSION, &compression);
  TIFFGetFieldDefaulted(file, TIFFTAG_ORIENTATION, &image->orientation);
  TIFFGetFieldDefaulted(file, TIFFTAG_EXTRASAMPLES, &extraCount, &extras);
  if (!TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &photometric))
    photometric = image->samples < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB;
  if (image->orientation < 1 || image->orientation > 8) image->orientation = 1;

  if (format == SAMPLEFORMAT_IEEEFP) return unsupported(message, "has floating-point samples of %d bits", image->bits);
  if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)
    return unsupported(message, "has samples of kind %d", format);
  if (image->bits > 16) return unsupported(message, "has %d bits a sample", image->bits);
  if (!TIFFIsCODECConfigured(compression)) return unsupported(message, "is compressed by method %d", compression);

  const int isPowerOfTwo = image->bits == 1 || image->bits == 2 || image->bits == 4 || image->bits == 8;
  image->isSeparate = planar == PLANARCONFIG_SEPARATE && image->samples > 1;
  if (extraCount > 0 && (extras[0] == EXTRASAMPLE_ASSOCALPHA || extras[0] == EXTRASAMPLE_UNASSALPHA))
    image->alpha = image->samples - extraCount;
  image->isPremultiplied = photometric == PHOTOMETRIC_RGB && extraCount > 0 && extras[0] == EXTRASAMPLE_ASSOCALPHA;
  switch (photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
      if (image->samples > 2) return unsupported(message, "has %d grey channels", image->samples);
      if (!isPowerOfTwo && image->bits != 16) return unsupported(message, "has %d bits a sample", image->bits);
      image->kind = photometric == PHOTOMETRIC_MINISBLACK ? grey : inverseGrey;
      return 0;
    case PHOTOMETRIC_PALETTE:
      if (!isPowerOfTwo || image->samples > 2) return unsupported(message, "has a palette of %d bits", image->bits);
      image->kind = palette;
      if (!TIFFGetField(
              file, TIFFTAG_COLORMAP, &image->colors[0], &image->colors[1], &image->colors[2]))
        return labTIFFDamaged(message, "it has no palette");
      return 0;
    case PHOTOMETRIC_YCBCR:
      if (compression != COMPRESSION_JPEG) break;
      TIFFSetField(file, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      // fall through
    case PHOTOMETRIC_RGB:
      if (image->samples < 3 || image->samples > 5)
        return unsupported(message, "has %d samples for red, green and blue", image->samples);
      if (image->bits != 8 && image->bits != 16) return unsupported(message, "has %d bits a colour", image->bits);
      if (image->isSeparate && image->isPremultiplied) break;
      image->kind = rgb;
      return 0;
    case PHOTOMETRIC_SEPARATED:
      TIFFGetFieldDefaulted(file, TIFFTAG_INKSET, &inkSet);
      if (inkSet != INKSET_CMYK || image->samples < 4 || image->samples > 5)
        return unsupported(message, "has %d inks", image->samples);
      if (image->bits != 8 && image->bits != 16) return unsupported(message, "has %d bits an ink", image->bits);
      if (image->isSeparate) break;
      image->kind = inks;
      return 0;
    default: break;
  }
  // Everything else is left to the library's own conversion.
  char text[1024];
  if (!TIFFRGBAImageOK(file, text)) return unsupported(message, "has samples of photometric kind %d", photometric);
  image->kind = other;
  return 0;
}

// Opens the first image. Returns 0 on success; else nothing stays open.
static int openImage(Source *source, LabTIFFImage *image, LabImageMessage *message) {
  memset(message, 0, sizeof *message);
  memset(image, 0, sizeof *image);
  source->message = message;
  pthread_once(&handlersAreSet, setHandlers);
  image->file = TIFFClientOpen(
      "image", "rm", source, readBytes, writeBytes, seek, closeSource, sizeOfSource, NULL, NULL);
  if (!image->file) return labTIFFDamaged(message, "its directory cannot be read");
  // What was wrong with tags that nobody needs does not matter.
  memset(message, 0, sizeof *message);
  if (!describe(image, message)) return 0;
  TIFFClose(image->file);
  return 1;
}

static void fillHeader(const LabTIFFImage *image, LabImageHeader *header) {
  const int isTurned = image->orientation > 4;
  header->width = isTurned ? image->height : image->width;
  header->height = isTurned ? image->width : image->height;
  header->channels = labTIFFChannelCount(image);
}

int labTIFFHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message) {
  Source source = {bytes, count, 0, message};
  LabTIFFImage image;
  if (openImage(&source, &image, message)) return 1;
  fillHeader(&image, header);
  TIFFClose(image.file);
  return 0;
}

// MARK: Pixels

// Turns stored rows as the image's orientation says.
static void turn(const LabTIFFImage *image, const uint8_t *source, uint8_t *pixels) {
  const size_t channels = (size_t)labTIFFChannelCount(image);
  const size_t width = image->width, height = image->height;
  const int isTurned = image->orientation > 4;
  const size_t newWidth = isTurned ? height : width, newHeight = isTurned ? width : height;
  for (size_t row = 0; row < newHeight; ++row)
    for (size_t column = 0; column < newWidth; ++column) {
      size_t y = isTurned ? column : row, x = isTurned ? row : column;
      switch (image->orientation) {
        case 2: x = width - 1 - x; break;
        case 3: x = width - 1 - x; y = height - 1 - y; break;
        case 4: y = height - 1 - y; break;
        case 6: y = height - 1 - y; break;
        case 7: x = width - 1 - x; y = height - 1 - y; break;
        case 8: x = width - 1 - x; break;
        default: break;
      }
      memcpy(pixels + (row * newWidth + column) * channels, source + (y * width + x) * channels, channels);
    }
}

int labTIFFPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message) {
  Source source = {bytes, count, 0, message};
  LabTIFFImage image;
  if (openImage(&source, &image, message)) return 1;
  LabImageHeader actual;
  fillHeader(&image, &actual);
  int status = 0;
  uint8_t *target = pixels;
  if (actual.width != header->width || actual.height != header->height || actual.channels != header->channels) {
    status = labTIFFDamaged(message, "the header is contradictory");
  } else if (image.orientation != 1) {
    target = malloc((size_t)image.width * image.height * (size_t)actual.channels);
    if (!target) status = labTIFFDamaged(message, "there is no memory for its pixels");
  }
  if (!status) status = labTIFFReadRows(&image, target, message);
  if (!status && target != pixels) turn(&image, target, pixels);
  if (target != pixels) free(target);
  TIFFClose(image.file);
  return status;
}

const char *labTIFFVersion(void) { return TIFFGetVersion(); }
