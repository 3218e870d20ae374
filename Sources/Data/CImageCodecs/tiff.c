#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "CImageCodecs.h"

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

static int damaged(LabImageMessage *message, const char *text) {
  if (!message->text[0]) strncpy(message->text, text, sizeof message->text - 1);
  return 1;
}

// MARK: The first image

typedef enum { grey, inverseGrey, palette, rgb, inks, other } Kind;

typedef struct {
  TIFF *file;
  Kind kind;
  uint32_t width, height;  // as the rows are stored
  uint16_t bits, samples, orientation;
  int isSeparate, isPremultiplied;
  int alpha;  // the sample that says how opaque a pixel is; 0: none
  const uint16_t *colours[3];
} Image;

static int channelCount(const Image *image) { return image->kind == grey || image->kind == inverseGrey ? 1 : 3; }

// Finds out how the samples are stored. Returns 0 where they can be read.
static int describe(Image *image, LabImageMessage *message) {
  TIFF *file = image->file;
  uint16_t photometric, compression, format, planar, inkSet, extraCount = 0, *extras = NULL;
  if (!TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &image->width) || !TIFFGetField(file, TIFFTAG_IMAGELENGTH, &image->height))
    return damaged(message, "it has no width or no height");
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
              file, TIFFTAG_COLORMAP, &image->colours[0], &image->colours[1], &image->colours[2]))
        return damaged(message, "it has no palette");
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
static int openImage(Source *source, Image *image, LabImageMessage *message) {
  memset(message, 0, sizeof *message);
  memset(image, 0, sizeof *image);
  source->message = message;
  pthread_once(&handlersAreSet, setHandlers);
  image->file = TIFFClientOpen(
      "image", "rm", source, readBytes, writeBytes, seek, closeSource, sizeOfSource, NULL, NULL);
  if (!image->file) return damaged(message, "its directory cannot be read");
  // What was wrong with tags that nobody needs does not matter.
  memset(message, 0, sizeof *message);
  if (!describe(image, message)) return 0;
  TIFFClose(image->file);
  return 1;
}

static void fillHeader(const Image *image, LabImageHeader *header) {
  const int isTurned = image->orientation > 4;
  header->width = isTurned ? image->height : image->width;
  header->height = isTurned ? image->width : image->height;
  header->channels = channelCount(image);
}

int labTIFFHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message) {
  Source source = {bytes, count, 0, message};
  Image image;
  if (openImage(&source, &image, message)) return 1;
  fillHeader(&image, header);
  TIFFClose(image.file);
  return 0;
}

// MARK: Rows

// Gives one row after the other, from strips or tiles.
typedef struct {
  TIFF *file;
  int isTiled;
  uint32_t tileWidth, tileHeight, tilesAcross;
  size_t rowLength, tileRowLength;
  uint8_t *band;  // one row of strips, or the rows of one row of tiles
} Rows;

enum { largestTile = 1 << 28 };

static int openRows(const Image *image, Rows *rows, LabImageMessage *message) {
  memset(rows, 0, sizeof *rows);
  rows->file = image->file;
  rows->isTiled = TIFFIsTiled(image->file);
  const size_t samples = image->isSeparate ? 1 : image->samples;
  // In whole bytes, which the library's own sizes must agree with.
  const size_t needed = ((size_t)image->width * samples * image->bits + 7) / 8;
  uint64_t size;
  if (rows->isTiled) {
    TIFFGetField(image->file, TIFFTAG_TILEWIDTH, &rows->tileWidth);
    TIFFGetField(image->file, TIFFTAG_TILELENGTH, &rows->tileHeight);
    const uint64_t tileRow = TIFFTileRowSize64(image->file);
    if (rows->tileWidth == 0 || rows->tileWidth % 16 || rows->tileHeight == 0 ||
        TIFFTileSize64(image->file) > largestTile ||
        tileRow != (uint64_t)rows->tileWidth * samples * image->bits / 8)
      return damaged(message, "its tiles have no proper size");
    rows->tilesAcross = (image->width - 1) / rows->tileWidth + 1;
    rows->tileRowLength = tileRow;
    rows->rowLength = tileRow * rows->tilesAcross;
    // The last tile is read whole, behind the rows.
    size = rows->rowLength * (uint64_t)rows->tileHeight + TIFFTileSize64(image->file);
  } else {
    rows->rowLength = (size_t)TIFFScanlineSize64(image->file);
    size = rows->rowLength;
  }
  if (rows->rowLength < needed || size > (uint64_t)4 * largestTile)
    return damaged(message, "its rows have no proper size");
  rows->band = malloc(size);
  return rows->band ? 0 : damaged(message, "there is no memory for its rows");
}

// The row, or NULL where it cannot be read. Rows of a plane are asked for in their order.
static const uint8_t *readRow(Rows *rows, uint32_t row, uint16_t plane) {
  if (!rows->isTiled) return TIFFReadScanline(rows->file, rows->band, row, plane) == 1 ? rows->band : NULL;
  const uint32_t place = row % rows->tileHeight;
  if (place == 0) {
    uint8_t *tile = rows->band + rows->rowLength * rows->tileHeight;
    const tmsize_t size = (tmsize_t)(rows->tileRowLength * rows->tileHeight);
    for (uint32_t column = 0; column < rows->tilesAcross; ++column) {
      if (TIFFReadTile(rows->file, tile, column * rows->tileWidth, row, 0, plane) < size) return NULL;
      for (uint32_t line = 0; line < rows->tileHeight; ++line)
        memcpy(
            rows->band + line * rows->rowLength + column * rows->tileRowLength, tile + line * rows->tileRowLength,
            rows->tileRowLength);
    }
  }
  return rows->band + place * rows->rowLength;
}

// MARK: Pixels

// A sample as it is stored.
static unsigned stored(const uint8_t *row, size_t index, unsigned bits) {
  if (bits == 8) return row[index];
  if (bits == 16) {
    uint16_t value;
    memcpy(&value, row + 2 * index, 2);
    return value;
  }
  const size_t bit = index * bits;
  return row[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);
}

// A sample as a byte.
static uint8_t scaled(const uint8_t *row, size_t index, unsigned bits) {
  const unsigned value = stored(row, index, bits);
  // Sixteen bits are rounded as those of a PNG are.
  if (bits == 16) return (uint8_t)((value * 255u + 32895u) >> 16);
  return (uint8_t)(value * (255u / ((1u << bits) - 1)));
}

static uint8_t product(unsigned a, unsigned b) {
  const unsigned value = a * b + 128;
  return (uint8_t)(((value >> 8) + value) >> 8);
}

static void convertRow(
    const Image *image, const uint8_t *row, uint16_t plane, uint8_t *target, LabImageMessage *message) {
  const unsigned bits = image->bits;
  const size_t samples = image->isSeparate ? 1 : image->samples;
  for (size_t column = 0; column < image->width; ++column) {
    const size_t first = column * samples;
    uint8_t *pixel = target + column * (size_t)channelCount(image);
    if (image->alpha > 0 && !image->isSeparate && scaled(row, first + (size_t)image->alpha, bits) != 255)
      message->isTransparent = 1;
    switch (image->kind) {
      case grey: *pixel = scaled(row, first, bits); break;
      case inverseGrey: *pixel = 255 - scaled(row, first, bits); break;
      case palette: {
        const unsigned index = stored(row, first, bits);
        for (int channel = 0; channel < 3; ++channel) pixel[channel] = (uint8_t)(image->colours[channel][index] >> 8);
        break;
      }
      case inks: {
        const unsigned light = 255u - scaled(row, first + 3, bits);
        for (size_t channel = 0; channel < 3; ++channel)
          pixel[channel] = (uint8_t)(light - product(scaled(row, first + channel, bits), light));
        break;
      }
      case rgb:
        if (image->isSeparate) {
          pixel[plane] = scaled(row, first, bits);
          break;
        }
        for (size_t channel = 0; channel < 3; ++channel) {
          unsigned value = scaled(row, first + channel, bits);
          if (image->isPremultiplied) {
            const unsigned alpha = scaled(row, first + 3, bits);
            value = alpha ? 255 * value / alpha : 0;
          }
          pixel[channel] = (uint8_t)(value > 255 ? 255 : value);
        }
        break;
      case other: break;
    }
  }
}

static int readRows(const Image *image, uint8_t *pixels, LabImageMessage *message) {
  Rows rows;
  if (openRows(image, &rows, message)) return 1;
  const uint16_t planes = image->isSeparate ? (uint16_t)(image->kind == rgb ? 3 : 1) : 1;
  const size_t length = (size_t)image->width * (size_t)channelCount(image);
  int status = 0;
  for (uint16_t plane = 0; plane < planes && !status; ++plane)
    for (uint32_t row = 0; row < image->height && !status; ++row) {
      const uint8_t *samples = readRow(&rows, row, plane);
      if (!samples || message->text[0])
        status = damaged(message, "its pixels end too early");
      else
        convertRow(image, samples, plane, pixels + row * length, message);
    }
  free(rows.band);
  return status;
}

static int readByLibrary(const Image *image, uint8_t *pixels, LabImageMessage *message) {
  char text[1024] = "";
  TIFFRGBAImage converter;
  if (!TIFFRGBAImageBegin(&converter, image->file, 1, text)) return damaged(message, text);
  // Rows stay as they are stored.
  converter.req_orientation = converter.orientation;
  const size_t count = (size_t)image->width * image->height;
  uint32_t *raster = calloc(count, sizeof *raster);
  const int isRead = raster && TIFFRGBAImageGet(&converter, raster, image->width, image->height);
  TIFFRGBAImageEnd(&converter);
  for (size_t pixel = 0; isRead && pixel < count; ++pixel) {
    pixels[3 * pixel] = (uint8_t)TIFFGetR(raster[pixel]);
    pixels[3 * pixel + 1] = (uint8_t)TIFFGetG(raster[pixel]);
    pixels[3 * pixel + 2] = (uint8_t)TIFFGetB(raster[pixel]);
  }
  free(raster);
  return isRead && !message->text[0] ? 0 : damaged(message, "its pixels end too early");
}

// Turns stored rows as the image's orientation says.
static void turn(const Image *image, const uint8_t *source, uint8_t *pixels) {
  const size_t channels = (size_t)channelCount(image);
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
  Image image;
  if (openImage(&source, &image, message)) return 1;
  LabImageHeader actual;
  fillHeader(&image, &actual);
  int status = 0;
  uint8_t *target = pixels;
  if (actual.width != header->width || actual.height != header->height || actual.channels != header->channels) {
    status = damaged(message, "the header is contradictory");
  } else if (image.orientation != 1) {
    target = malloc((size_t)image.width * image.height * (size_t)actual.channels);
    if (!target) status = damaged(message, "there is no memory for its pixels");
  }
  if (!status)
    status = image.kind == other ? readByLibrary(&image, target, message) : readRows(&image, target, message);
  if (!status && target != pixels) turn(&image, target, pixels);
  if (target != pixels) free(target);
  TIFFClose(image.file);
  return status;
}

const char *labTIFFVersion(void) { return TIFFGetVersion(); }
