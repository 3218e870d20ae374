#include <gif_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"

typedef struct {
  const uint8_t *bytes;
  size_t count, position;
} Source;

static int readBytes(GifFileType *file, GifByteType *output, int count) {
  Source *source = file->UserData;
  const size_t left = source->count - source->position;
  const size_t length = (size_t)count < left ? (size_t)count : left;
  memcpy(output, source->bytes + source->position, length);
  source->position += length;
  return (int)length;
}

// What precedes the first picture.
typedef struct {
  uint32_t width, height;
  int transparentIndex;  // −1: none
} Canvas;

static int fail(GifFileType *file, int error, LabImageMessage *message) {
  const char *text = GifErrorString(error);
  strncpy(message->text, text ? text : "no picture follows", sizeof message->text - 1);
  int ignored;
  if (file) DGifCloseFile(file, &ignored);
  return 1;
}

// Reads up to the first picture's pixels. Returns 0 on success; else the file is closed.
static int openImage(Source *source, GifFileType **result, Canvas *canvas, LabImageMessage *message) {
  memset(message, 0, sizeof *message);
  int error = 0;
  GifFileType *file = DGifOpen(source, readBytes, &error);
  if (!file) return fail(NULL, error, message);
  canvas->transparentIndex = -1;
  GifRecordType type;
  do {
    if (DGifGetRecordType(file, &type) != GIF_OK) return fail(file, file->Error, message);
    if (type == TERMINATE_RECORD_TYPE) return fail(file, 0, message);
    if (type != EXTENSION_RECORD_TYPE) continue;
    int code;
    GifByteType *block;
    if (DGifGetExtension(file, &code, &block) != GIF_OK) return fail(file, file->Error, message);
    if (code == GRAPHICS_EXT_FUNC_CODE && block && block[0] >= 4 && (block[1] & 1)) canvas->transparentIndex = block[4];
    while (block)
      if (DGifGetExtensionNext(file, &block) != GIF_OK) return fail(file, file->Error, message);
  } while (type != IMAGE_DESC_RECORD_TYPE);
  if (DGifGetImageDesc(file) != GIF_OK) return fail(file, file->Error, message);
  // A picture that reaches beyond the screen widens it.
  const uint32_t right = (uint32_t)file->Image.Left + (uint32_t)file->Image.Width;
  const uint32_t bottom = (uint32_t)file->Image.Top + (uint32_t)file->Image.Height;
  canvas->width = right > (uint32_t)file->SWidth ? right : (uint32_t)file->SWidth;
  canvas->height = bottom > (uint32_t)file->SHeight ? bottom : (uint32_t)file->SHeight;
  *result = file;
  return 0;
}

// The colours of the first picture; NULL where the file has none, and then an index is a shade of grey.
static const ColorMapObject *colours(const GifFileType *file) {
  return file->Image.ColorMap ? file->Image.ColorMap : file->SColorMap;
}

static int isGrey(const ColorMapObject *map) {
  for (int index = 0; map && index < map->ColorCount; ++index) {
    const GifColorType colour = map->Colors[index];
    if (colour.Red != colour.Green || colour.Green != colour.Blue) return 0;
  }
  return 1;
}

int labGIFHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message) {
  Source source = {bytes, count, 0};
  GifFileType *file;
  Canvas canvas;
  if (openImage(&source, &file, &canvas, message)) return 1;
  header->width = canvas.width;
  header->height = canvas.height;
  header->channels = isGrey(colours(file)) ? 1 : 3;
  int ignored;
  DGifCloseFile(file, &ignored);
  return 0;
}

// Writes one pixel. Returns 0 where there is no such colour.
static int put(uint8_t *pixel, int channels, const ColorMapObject *map, int index) {
  if (map && index >= map->ColorCount) return 0;
  const GifColorType grey = {(GifByteType)index, (GifByteType)index, (GifByteType)index};
  const GifColorType colour = map ? map->Colors[index] : grey;
  pixel[0] = colour.Red;
  if (channels == 3) {
    pixel[1] = colour.Green;
    pixel[2] = colour.Blue;
  }
  return 1;
}

int labGIFPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message) {
  Source source = {bytes, count, 0};
  GifFileType *file;
  Canvas canvas;
  if (openImage(&source, &file, &canvas, message)) return 1;
  const ColorMapObject *map = colours(file);
  const int channels = isGrey(map) ? 1 : 3;
  int ignored;
  if (canvas.width != header->width || canvas.height != header->height || channels != header->channels) {
    strncpy(message->text, "the header is contradictory", sizeof message->text - 1);
    DGifCloseFile(file, &ignored);
    return 1;
  }
  const GifImageDesc frame = file->Image;
  // What the picture does not cover has the transparent colour, else the first one.
  if ((uint32_t)frame.Width < canvas.width || (uint32_t)frame.Height < canvas.height) {
    uint8_t colour[3] = {0, 0, 0};
    put(colour, channels, map, canvas.transparentIndex >= 0 ? canvas.transparentIndex : 0);
    message->isTransparent = canvas.transparentIndex >= 0;
    for (size_t pixel = 0; pixel < (size_t)canvas.width * canvas.height; ++pixel)
      memcpy(pixels + pixel * (size_t)channels, colour, (size_t)channels);
  }
  static const int firstRow[4] = {0, 4, 2, 1}, rowStep[4] = {8, 8, 4, 2};
  GifPixelType *line = malloc(frame.Width > 0 ? (size_t)frame.Width : 1);
  if (!line) return fail(file, D_GIF_ERR_NOT_ENOUGH_MEM, message);
  for (int pass = frame.Interlace ? 0 : 3; pass < 4; ++pass) {
    const int step = frame.Interlace ? rowStep[pass] : 1;
    for (int row = frame.Interlace ? firstRow[pass] : 0; row < frame.Height; row += step) {
      if (DGifGetLine(file, line, frame.Width) != GIF_OK) {
        free(line);
        return fail(file, file->Error, message);
      }
      uint8_t *target = pixels + ((size_t)(frame.Top + row) * canvas.width + (size_t)frame.Left) * (size_t)channels;
      for (int column = 0; column < frame.Width; ++column) {
        if (line[column] == canvas.transparentIndex) message->isTransparent = 1;
        if (put(target + (size_t)column * (size_t)channels, channels, map, line[column])) continue;
        snprintf(
            message->text, sizeof message->text, "it uses colour %d of %d", line[column], map ? map->ColorCount : 256);
        free(line);
        DGifCloseFile(file, &ignored);
        return 1;
      }
    }
  }
  free(line);
  DGifCloseFile(file, &ignored);
  return 0;
}

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)

const char *labGIFVersion(void) { return TEXT(GIFLIB_MAJOR) "." TEXT(GIFLIB_MINOR) "." TEXT(GIFLIB_RELEASE); }
