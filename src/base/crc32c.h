/* base/crc32c.h - the checksum of iSCSI, ext4 and many others (Castagnoli, 0x1EDC6F41). */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include "base/view.h"

#include <stdint.h>

/* Of the text behind one whose checksum is `crc`; 0 at the beginning. */
uint32_t crc32c(uint32_t crc, struct view text);

#endif
