#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

// A narrow face of libpng, libjpeg, libwebp, libtiff and giflib. The first two report errors by a long jump, which must
// not cross Swift frames; here it stays within one C function, and what the libraries say is returned as text.
// Everything is reentrant.

typedef struct {
  uint32_t width, height;
  int channels;  // 1: grey, 3: red, green and blue
  int divisor;   // 2, 4 or 8: a JPEG is decoded to so much smaller extents, rounded up, which width and height are; else 0
} LabImageHeader;

typedef struct {
  char text[256];     // what the library says, empty where nothing is wrong
  int isTransparent;  // whether a decoded pixel is not opaque
  int isUnsupported;  // whether the image may be whole and only is of a kind that is not read; the text says which
} LabImageMessage;

// Reads extents and kind. Returns 0 on success.
int labPNGHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message);
int labJPEGHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message);
int labWebPHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message);
int labTIFFHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message);
int labGIFHeader(const uint8_t *bytes, size_t count, LabImageHeader *header, LabImageMessage *message);

// Decodes to height × width × channels bytes; `header` is what the header function gave. Returns 0 on success.
// Transparency is dropped, palettes are expanded, 16 bits become 8. Data that end early or are damaged are an error.
// Of several images in a file the first is read; a TIFF's rows are turned as its orientation says.
int labPNGPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message);
int labJPEGPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message);
int labWebPPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message);
int labTIFFPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message);
int labGIFPixels(
    const uint8_t *bytes, size_t count, const LabImageHeader *header, uint8_t *pixels, LabImageMessage *message);

// The number of bytes that the PNG form of an image can have at most; 0 where it has none.
size_t labPNGCapacity(const LabImageHeader *header);

// Encodes as PNG into `output` and stores its length. Returns 0 on success.
int labPNGEncode(
    const LabImageHeader *header, const uint8_t *pixels, uint8_t *output, size_t capacity, size_t *length,
    LabImageMessage *message);

// The libraries' versions, such as "1.6.39".
const char *labPNGVersion(void);
const char *labJPEGVersion(void);
const char *labGIFVersion(void);
// Three bytes: major, minor and revision.
int labWebPVersion(void);
// Two lines, the first of which ends in the version.
const char *labTIFFVersion(void);

#endif
