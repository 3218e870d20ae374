#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"

typedef struct {
  const uint8_t *bytes;
  size_t count, position;
} Source;

static void readBytes(png_structp png, png_bytep output, size_t count) {
  Source *source = png_get_io_ptr(png);
  if (count > source->count - source->position) png_error(png, "the file ends too early");
  memcpy(output, source->bytes + source->position, count);
  source->position += count;
}

static void onError(png_structp png, png_const_charp text) {
  LabImageMessage *message = png_get_error_ptr(png);
  strncpy(message->text, text, sizeof message->text - 1);
  png_longjmp(png, 1);
}

static void onWarning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

// Everything up to the pixels. Leaves the structures to the caller, who destroys them.
static void readHeader(png_structp png, png_infop info, Source *source, LabImageHeader *header) {
  png_set_read_fn(png, source, readBytes);
  // Extents are checked by the caller before it makes room for pixels.
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  // Colour profiles and text are not used, and broken ones are frequent.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_read_info(png, info);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->channels = (png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR) ? 3 : 1;
}

int labPNGHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message) {
  memset(message, 0, sizeof *message);
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, onError, onWarning);
  if (!png) return 1;
  png_infop info = png_create_info_struct(png);
  Source source = {bytes, count, 0};
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
  }
  readHeader(png, info, &source, header);
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}

// Drops the transparency of a row's pixels, and notes whether there was any.
static void dropTransparency(png_structp png, png_row_infop info, png_bytep row) {
  LabImageMessage *message = png_get_user_transform_ptr(png);
  const int kept = info->channels - 1;
  png_bytep target = row;
  for (png_uint_32 pixel = 0; pixel < info->width; ++pixel, row += info->channels) {
    if (row[kept] != 255) message->isTransparent = 1;
    for (int channel = 0; channel < kept; ++channel) *target++ = row[channel];
  }
}

int labPNGPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message) {
  memset(message, 0, sizeof *message);
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, onError, onWarning);
  if (!png) return 1;
  png_infop info = png_create_info_struct(png);
  Source source = {bytes, count, 0};
  png_bytep *rows = malloc(header->height * sizeof *rows);
  if (!info || !rows || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    return 1;
  }
  LabImageHeader actual;
  readHeader(png, info, &source, &actual);
  png_set_expand(png);
  png_set_scale_16(png);
  if ((png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS)) {
    png_set_read_user_transform_fn(png, dropTransparency);
    png_set_user_transform_info(png, message, 8, header->channels);
  }
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const size_t rowLength = (size_t)header->width * (size_t)header->channels;
  if (actual.width != header->width || actual.height != header->height || actual.channels != header->channels ||
      png_get_rowbytes(png, info) != rowLength)
    png_error(png, "the header is contradictory");
  for (uint32_t row = 0; row < header->height; ++row) rows[row] = pixels + row * rowLength;
  png_read_image(png, rows);
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  free(rows);
  return 0;
}

static void describe(const LabImageHeader *header, png_image *image) {
  memset(image, 0, sizeof *image);
  image->version = PNG_IMAGE_VERSION;
  image->width = header->width;
  image->height = header->height;
  image->format = header->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
}

size_t labPNGCapacity(const LabImageHeader *header) {
  png_image image;
  describe(header, &image);
  return PNG_IMAGE_PNG_SIZE_MAX(image);
}

int labPNGEncode(
    const LabImageHeader *header, const uint8_t *pixels, uint8_t *output, size_t capacity, size_t *length,
    LabImageMessage *message) {
  memset(message, 0, sizeof *message);
  png_image image;
  describe(header, &image);
  png_alloc_size_t count = capacity;
  const int isWritten = png_image_write_to_memory(&image, output, &count, 0, pixels, 0, NULL);
  strncpy(message->text, image.message, sizeof image.message);
  png_image_free(&image);
  *length = count;
  return isWritten ? 0 : 1;
}

const char *labPNGVersion(void) { return png_get_libpng_ver(NULL); }
