#include <stddef.h>
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"

// A progressive file may describe a small image in so many scans that decoding it takes for ever.
enum { maximumScanCount = 500 };

typedef struct {
  struct jpeg_error_mgr manager;  // first, so that a pointer to it is a pointer to the whole
  jmp_buf target;
  LabImageMessage *message;
} Errors;

static void format(j_common_ptr state, LabImageMessage *message) {
  char text[JMSG_LENGTH_MAX];
  state->err->format_message(state, text);
  strncpy(message->text, text, sizeof message->text - 1);
}

static void onError(j_common_ptr state) {
  Errors *errors = (Errors *)state->err;
  format(state, errors->message);
  longjmp(errors->target, 1);
}

// Warnings that mean lost pixels end decoding; those about needless bytes and markers do not.
static void onMessage(j_common_ptr state, int level) {
  if (level >= 0) return;
  switch (state->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_TOO_MUCH_DATA:
    case JWRN_BOGUS_PROGRESSION:
      return;
    default:
      onError(state);
  }
}

static void onProgress(j_common_ptr state) {
  if (!state->is_decompressor || ((j_decompress_ptr)state)->input_scan_number <= maximumScanCount) return;
  Errors *errors = (Errors *)state->err;
  snprintf(errors->message->text, sizeof errors->message->text, "more than %d scans", maximumScanCount);
  longjmp(errors->target, 1);
}

static void prepare(
    struct jpeg_decompress_struct *state, Errors *errors, struct jpeg_progress_mgr *progress,
    LabImageMessage *message) {
  memset(message, 0, sizeof *message);
  memset(state, 0, sizeof *state);
  state->err = jpeg_std_error(&errors->manager);
  errors->manager.error_exit = onError;
  errors->manager.emit_message = onMessage;
  errors->message = message;
  progress->progress_monitor = onProgress;
}

static void readHeader(
    struct jpeg_decompress_struct *state, const uint8_t *bytes, size_t count, LabImageHeader *header) {
  jpeg_mem_src(state, (unsigned char *)bytes, count);
  jpeg_read_header(state, TRUE);
  header->width = state->image_width;
  header->height = state->image_height;
  header->channels = state->jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
}

int labJPEGHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message) {
  struct jpeg_decompress_struct state;
  struct jpeg_progress_mgr progress;
  Errors errors;
  prepare(&state, &errors, &progress, message);
  if (setjmp(errors.target)) {
    jpeg_destroy_decompress(&state);
    return 1;
  }
  jpeg_create_decompress(&state);
  readHeader(&state, bytes, count, header);
  jpeg_destroy_decompress(&state);
  return 0;
}

// What light is left of `colour` (inverted, as Adobe's programs store it) under that much black.
static uint8_t underBlack(uint8_t colour, uint8_t black) { return (uint8_t)((colour * black + 127) / 255); }

int labJPEGPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message) {
  struct jpeg_decompress_struct state;
  struct jpeg_progress_mgr progress;
  Errors errors;
  prepare(&state, &errors, &progress, message);
  // Room for a line of four inks; allocated before the jump's target is set, so its value survives a jump.
  uint8_t *const line = malloc((size_t)header->width * 4);
  if (!line || setjmp(errors.target)) {
    if (line) jpeg_destroy_decompress(&state);
    free(line);
    return 1;
  }
  jpeg_create_decompress(&state);
  state.progress = &progress;
  LabImageHeader actual;
  readHeader(&state, bytes, count, &actual);
  const int hasInks = state.jpeg_color_space == JCS_CMYK || state.jpeg_color_space == JCS_YCCK;
  state.out_color_space = hasInks ? JCS_CMYK : header->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  if (header->divisor) state.scale_denom = (unsigned)header->divisor;
  jpeg_start_decompress(&state);
  const int components = hasInks ? 4 : header->channels;
  if (state.output_width != header->width || state.output_height != header->height || actual.channels != header->channels ||
      state.output_components != components)
    ERREXIT(&state, JERR_BAD_J_COLORSPACE);
  const size_t rowLength = (size_t)header->width * (size_t)header->channels;
  while (state.output_scanline < state.output_height) {
    uint8_t *target = pixels + state.output_scanline * rowLength;
    JSAMPROW row = hasInks ? line : target;
    jpeg_read_scanlines(&state, &row, 1);
    if (!hasInks) continue;
    // Inks are stored inverted, as Adobe's programs do; a file that lost their marker is no different.
    for (size_t column = 0; column < header->width; ++column)
      for (int channel = 0; channel < 3; ++channel)
        target[3 * column + channel] = underBlack(line[4 * column + channel], line[4 * column + 3]);
  }
  jpeg_finish_decompress(&state);
  jpeg_destroy_decompress(&state);
  free(line);
  return 0;
}

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)

const char *labJPEGVersion(void) {
#ifdef LIBJPEG_TURBO_VERSION
  return TEXT(LIBJPEG_TURBO_VERSION);
#else
  return TEXT(JPEG_LIB_VERSION);
#endif
}
