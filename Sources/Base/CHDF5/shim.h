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
static inline hid_t labH5NativeInt64(void) { return H5T_NATIVE_INT64; }
static inline hid_t labH5LittleEndianFloat(void) { return H5T_IEEE_F32LE; }
static inline hid_t labH5LittleEndianDouble(void) { return H5T_IEEE_F64LE; }
static inline hid_t labH5LittleEndianInt64(void) { return H5T_STD_I64LE; }
static inline hid_t labH5CString(void) { return H5T_C_S1; }
static inline size_t labH5VariableLength(void) { return H5T_VARIABLE; }
static inline hid_t labH5FileAccess(void) { return H5P_FILE_ACCESS; }
static inline hid_t labH5FileCreate(void) { return H5P_FILE_CREATE; }
static inline hid_t labH5DatasetCreate(void) { return H5P_DATASET_CREATE; }
static inline hid_t labH5Default(void) { return H5P_DEFAULT; }
static inline hid_t labH5All(void) { return H5S_ALL; }
static inline unsigned labH5ReadOnly(void) { return H5F_ACC_RDONLY; }
static inline unsigned labH5Truncate(void) { return H5F_ACC_TRUNC; }

// These calls have a different signature in each generation of the library.
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

// Calls a function for each link of a group in the order of the names, until it returns something else than 0.
typedef int (*LabH5LinkVisitor)(const char *name, int isHard, void *context);
typedef struct {
  LabH5LinkVisitor visitor;
  void *context;
} LabH5LinkVisit;
static inline herr_t labH5VisitLink(hid_t group, const char *name, const H5L_info_t *info, void *data) {
  (void)group;
  const LabH5LinkVisit *visit = (const LabH5LinkVisit *)data;
  return visit->visitor(name, info->type == H5L_TYPE_HARD, visit->context);
}
static inline int labH5VisitLinks(hid_t group, LabH5LinkVisitor visitor, void *context) {
  LabH5LinkVisit visit = {visitor, context};
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, labH5VisitLink, &visit);
}

// What tells an object of a file from every other one, by whatever name it was opened.
static inline int labH5ObjectAddress(hid_t object, unsigned long long address[2]) {
  address[0] = address[1] = 0;
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  if (H5Oget_info3(object, &info, H5O_INFO_BASIC) < 0) return -1;
  memcpy(address, &info.token, sizeof info.token < 16 ? sizeof info.token : 16);
#else
  H5O_info_t info;
  if (H5Oget_info(object, &info) < 0) return -1;
  address[0] = info.addr;
#endif
  return 0;
}

// How a data set is stored.
typedef struct {
  unsigned long long byteCount;  // the bytes that are stored in the file
  unsigned long long fileSize;
  int isElsewhere;               // in other files: virtual or external
  int filterCount;
  int isDeflatedOnly;            // no filter but deflate, shuffle and a checksum
  int missingFilter;             // the number of a filter that the library lacks; 0 where it lacks none
  char missingName[64];          // the filter's name, as the file has it
} LabH5Storage;

static inline int labH5Storage(hid_t dataset, LabH5Storage *storage) {
  memset(storage, 0, sizeof *storage);
  const hid_t file = H5Iget_file_id(dataset);
  hsize_t size = 0;
  if (file >= 0 && H5Fget_filesize(file, &size) >= 0) storage->fileSize = size;
  if (file >= 0) H5Fclose(file);
  storage->byteCount = H5Dget_storage_size(dataset);
  const hid_t properties = H5Dget_create_plist(dataset);
  if (properties < 0) return -1;
  storage->isElsewhere = H5Pget_layout(properties) == H5D_VIRTUAL || H5Pget_external_count(properties) > 0;
  storage->isDeflatedOnly = 1;
  storage->filterCount = H5Pget_nfilters(properties);
  for (int index = 0; index < storage->filterCount; ++index) {
    unsigned flags = 0, configuration = 0;
    size_t count = 0;
    char name[sizeof storage->missingName] = "";
    const H5Z_filter_t filter = H5Pget_filter2(
        properties, (unsigned)index, &flags, &count, NULL, sizeof name, name, &configuration);
    if (filter < 0) continue;
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      storage->isDeflatedOnly = 0;
    if (storage->missingFilter || H5Zfilter_avail(filter) > 0) continue;
    storage->missingFilter = filter;
    memcpy(storage->missingName, name, sizeof name - 1);
  }
  H5Pclose(properties);
  return 0;
}

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
