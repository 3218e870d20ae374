#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "CImageCodecs.h"

static int fail(LabImageMessage *message, const char *text) {
  strncpy(message->text, text, sizeof message->text - 1);
  return 1;
}

static int readFeatures(
    const uint8_t *bytes, size_t count, WebPBitstreamFeatures *features, LabImageMessage *message) {
  memset(message, 0, sizeof *message);
  switch (WebPGetFeatures(bytes, count, features)) {
    case VP8_STATUS_OK: return 0;
    case VP8_STATUS_NOT_ENOUGH_DATA: return fail(message, "the file ends too early");
    case VP8_STATUS_UNSUPPORTED_FEATURE: return fail(message, "it uses an unknown feature");
    default: return fail(message, "its header is contradictory");
  }
}

int labWebPHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message) {
  WebPBitstreamFeatures features;
  if (readFeatures(bytes, count, &features, message)) return 1;
  header->width = (uint32_t)features.width;
  header->height = (uint32_t)features.height;
  header->channels = 3;
  return 0;
}

// Keeps the colours of pixels of four bytes, and notes whether any of them is not opaque.
static void dropTransparency(const uint8_t *source, size_t count, uint8_t *pixels, LabImageMessage *message) {
  for (size_t pixel = 0; pixel < count; ++pixel) {
    memcpy(pixels + 3 * pixel, source + 4 * pixel, 3);
    if (source[4 * pixel + 3] != 255) message->isTransparent = 1;
  }
}

// The first picture of an animation, on its canvas; black where it does not reach.
static int readAnimation(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message) {
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) return fail(message, "libwebp is of another version");
  options.color_mode = MODE_RGBA;
  const WebPData data = {bytes, count};
  WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
  if (!decoder) return fail(message, "its frames cannot be read");
  WebPAnimInfo info;
  uint8_t *canvas;
  int timestamp;
  const int isRead = WebPAnimDecoderGetInfo(decoder, &info) && info.canvas_width == header->width &&
                     info.canvas_height == header->height && WebPAnimDecoderGetNext(decoder, &canvas, &timestamp);
  if (isRead) dropTransparency(canvas, (size_t)header->width * header->height, pixels, message);
  WebPAnimDecoderDelete(decoder);
  return isRead ? 0 : fail(message, "its first frame cannot be read");
}

int labWebPPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message) {
  WebPBitstreamFeatures features;
  if (readFeatures(bytes, count, &features, message)) return 1;
  if ((uint32_t)features.width != header->width || (uint32_t)features.height != header->height)
    return fail(message, "the header is contradictory");
  if (features.has_animation) return readAnimation(bytes, count, header, pixels, message);
  const size_t pixelCount = (size_t)header->width * header->height;
  if (header->width > INT_MAX / 4) return fail(message, "its rows are too long");
  if (!features.has_alpha) {
    const int isRead = WebPDecodeRGBInto(bytes, count, pixels, 3 * pixelCount, 3 * (int)header->width) != NULL;
    return isRead ? 0 : fail(message, "its pixels cannot be decoded");
  }
  uint8_t *canvas = malloc(4 * pixelCount);
  if (!canvas) return fail(message, "there is no memory for its pixels");
  const int isRead = WebPDecodeRGBAInto(bytes, count, canvas, 4 * pixelCount, 4 * (int)header->width) != NULL;
  if (isRead) dropTransparency(canvas, pixelCount, pixels, message);
  free(canvas);
  return isRead ? 0 : fail(message, "its pixels cannot be decoded");
}

int labWebPVersion(void) { return WebPGetDecoderVersion(); }
