// A stand-in for libjbig, which libtiff of Debian and Ubuntu loads for one rare compression of black and white images.
//
// libjbig is under the GNU General Public License, whose terms would hold for the whole wheel, and do not go together with
// those of some other libraries in it. labrun loses nothing by it: it reads images line by line, which libtiff does not do for
// this compression. Whatever is called all the same is an error that says so.

#include <stddef.h>

enum { isLeftOut = 1 << 4 };

void jbg_dec_init(void *state) { (void)state; }
void jbg_dec_free(void *state) { (void)state; }

int jbg_dec_in(void *state, unsigned char *bytes, size_t count, size_t *readCount) {
  (void)state, (void)bytes, (void)count;
  if (readCount) *readCount = 0;
  return isLeftOut;
}

const char *jbg_strerror(int code) {
  (void)code;
  return "this build of labrun has no JBIG; convert the image to another compression";
}

// What follows is called after a decoding that went well, or for writing; neither happens.
unsigned char *jbg_dec_getimage(const void *state, int plane) { return (void)state, (void)plane, NULL; }
unsigned long jbg_dec_getsize(const void *state) { return (void)state, 0; }
int jbg_newlen(unsigned char *bytes, size_t count) { return (void)bytes, (void)count, isLeftOut; }
void jbg_enc_init(
    void *state, unsigned long width, unsigned long height, int planes, unsigned char **bytes,
    void (*out)(unsigned char *, size_t, void *), void *file) {
  (void)state, (void)width, (void)height, (void)planes, (void)bytes, (void)out, (void)file;
}
void jbg_enc_out(void *state) { (void)state; }
void jbg_enc_free(void *state) { (void)state; }
