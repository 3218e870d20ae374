// jpeglib.h uses types that it does not declare.
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>
