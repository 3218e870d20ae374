#ifndef CHDF5_SHIM_H
#define CHDF5_SHIM_H

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

// Swift cannot import HDF5's type and property-list macros, because each of them calls H5open().
// These functions give them names.

static inline hid_t labH5NativeFloat(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t labH5NativeDouble(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t labH5NativeUInt8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t labH5NativeInt8(void) { return H5T_NATIVE_INT8; }
static inline hid_t labH5NativeInt32(void) { return H5T_NATIVE_INT32; }
static inline hid_t labH5NativeInt64(void) { return H5T_NATIVE_INT64; }
static inline hid_t labH5NativeUInt64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t labH5LittleEndianFloat(void) { return H5T_IEEE_F32LE; }
static inline hid_t labH5LittleEndianDouble(void) { return H5T_IEEE_F64LE; }
static inline hid_t labH5LittleEndianInt64(void) { return H5T_STD_I64LE; }
static inline hid_t labH5CString(void) { return H5T_C_S1; }
static inline size_t labH5VariableLength(void) { return H5T_VARIABLE; }
static inline hid_t labH5FileAccess(void) { return H5P_FILE_ACCESS; }
static inline hid_t labH5FileCreate(void) { return H5P_FILE_CREATE; }
static inline hid_t labH5DatasetCreate(void) { return H5P_DATASET_CREATE; }
static inline hid_t labH5LinkCreate(void) { return H5P_LINK_CREATE; }
static inline hid_t labH5Default(void) { return H5P_DEFAULT; }
static inline hid_t labH5All(void) { return H5S_ALL; }
static inline unsigned labH5ReadOnly(void) { return H5F_ACC_RDONLY; }
static inline unsigned labH5Truncate(void) { return H5F_ACC_TRUNC; }

// These calls have a different signature in each generation of the library.
static inline int labH5IsHardLink(hid_t location, const char *name) {
  H5L_info_t info;
  return H5Lget_info(location, name, &info, H5P_DEFAULT) >= 0 && info.type == H5L_TYPE_HARD;
}
// The value of a soft or external link needs `valueSize` bytes; other links have none.
enum { labH5NoLink, labH5HardLink, labH5SoftLink, labH5ExternalLink, labH5OtherLink };
static inline int labH5LinkKind(hid_t location, const char *name, size_t *valueSize) {
  H5L_info_t info;
  *valueSize = 0;
  if (H5Lexists(location, name, H5P_DEFAULT) <= 0 || H5Lget_info(location, name, &info, H5P_DEFAULT) < 0)
    return labH5NoLink;
  if (info.type == H5L_TYPE_HARD) return labH5HardLink;
  if (info.type != H5L_TYPE_SOFT && info.type != H5L_TYPE_EXTERNAL) return labH5OtherLink;
  *valueSize = info.u.val_size;
  return info.type == H5L_TYPE_SOFT ? labH5SoftLink : labH5ExternalLink;
}
static inline int labH5AttributeCount(hid_t object) { return H5Aget_num_attrs(object); }

// Failures are reported through Swift errors, not on standard error.
//
// Every file is closed by whoever opened it. What the library would do at the process's end is to write once more what a
// full disk has refused, from memory that it has freed; the call counts only before any other.
static inline void labH5SilenceErrors(void) {
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static inline herr_t labH5NoteSystemError(unsigned depth, const H5E_error2_t *entry, void *code) {
  (void)depth;
  const char *text = entry->desc ? strstr(entry->desc, "errno = ") : NULL;
  return text && sscanf(text, "errno = %d", (int *)code) == 1;
}

// The system's error number behind the failure that has just happened, which the library tells in words only; else 0.
static inline int labH5SystemError(void) {
  int code = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, labH5NoteSystemError, &code);
  return code;
}

#endif
