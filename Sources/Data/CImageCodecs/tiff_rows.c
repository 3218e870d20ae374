#include <stdlib.h>
#include <string.h>

#include "tiff.h"

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

static int openRows(const LabTIFFImage *image, Rows *rows, LabImageMessage *message) {
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
      return labTIFFDamaged(message, "its tiles have no proper size");
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
    return labTIFFDamaged(message, "its rows have no proper size");
  rows->band = malloc(size);
  return rows->band ? 0 : labTIFFDamaged(message, "there is no memory for its rows");
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
    const LabTIFFImage *image, const uint8_t *row, uint16_t plane, uint8_t *target, LabImageMessage *message) {
  const unsigned bits = image->bits;
  const size_t samples = image->isSeparate ? 1 : image->samples;
  for (size_t column = 0; column < image->width; ++column) {
    const size_t first = column * samples;
    uint8_t *pixel = target + column * (size_t)labTIFFChannelCount(image);
    if (image->alpha > 0 && !image->isSeparate && scaled(row, first + (size_t)image->alpha, bits) != 255)
      message->isTransparent = 1;
    switch (image->kind) {
      case grey: *pixel = scaled(row, first, bits); break;
      case inverseGrey: *pixel = 255 - scaled(row, first, bits); break;
      case palette: {
        const unsigned index = stored(row, first, bits);
        for (int channel = 0; channel < 3; ++channel) pixel[channel] = (uint8_t)(image->colors[channel][index] >> 8);
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

static int readRows(const LabTIFFImage *image, uint8_t *pixels, LabImageMessage *message) {
  Rows rows;
  if (openRows(image, &rows, message)) return 1;
  const uint16_t planes = image->isSeparate ? (uint16_t)(image->kind == rgb ? 3 : 1) : 1;
  const size_t length = (size_t)image->width * (size_t)labTIFFChannelCount(image);
  int status = 0;
  for (uint16_t plane = 0; plane < planes && !status; ++plane)
    for (uint32_t row = 0; row < image->height && !status; ++row) {
      const uint8_t *samples = readRow(&rows, row, plane);
      if (!samples || message->text[0])
        status = labTIFFDamaged(message, "its pixels end too early");
      else
        convertRow(image, samples, plane, pixels + row * length, message);
    }
  free(rows.band);
  return status;
}

static int readByLibrary(const LabTIFFImage *image, uint8_t *pixels, LabImageMessage *message) {
  char text[1024] = "";
  TIFFRGBAImage converter;
  if (!TIFFRGBAImageBegin(&converter, image->file, 1, text)) return labTIFFDamaged(message, text);
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
  return isRead && !message->text[0] ? 0 : labTIFFDamaged(message, "its pixels end too early");
}

int labTIFFReadRows(const LabTIFFImage *image, uint8_t *pixels, LabImageMessage *message) {
  return image->kind == other ? readByLibrary(image, pixels, message) : readRows(image, pixels, message);
}
