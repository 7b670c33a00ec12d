/* base/crc32c.c - see crc32c.h. By the processor's own instruction where there is one, otherwise
 * four bits at a time. */
#include "base/crc32c.h"

static uint32_t crc_portable(uint32_t crc, const unsigned char *p, size_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3,
        0x61C69362, 0x7198540D, 0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9,
        0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75,
    };
    for (; len > 0; len--, p++) {
        crc ^= *p;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

#ifdef __x86_64__

/* Of whole words. */
__attribute__((target("sse4.2"))) static uint32_t crc_words(uint32_t crc, const unsigned char *p,
                                                            size_t count)
{
    uint64_t wide = crc;
    for (; count > 0; count--, p += sizeof wide) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    return (uint32_t)wide;
}

static uint32_t crc_of(uint32_t crc, const unsigned char *p, size_t len)
{
    size_t words = len / sizeof(uint64_t);
    if (words > 0 && __builtin_cpu_supports("sse4.2")) {
        crc = crc_words(crc, p, words);
        p += words * sizeof(uint64_t);
        len -= words * sizeof(uint64_t);
    }
    return crc_portable(crc, p, len);
}

#else

static uint32_t crc_of(uint32_t crc, const unsigned char *p, size_t len)
{
    return crc_portable(crc, p, len);
}

#endif

uint32_t crc32c(uint32_t crc, struct view text)
{
    return ~crc_of(~crc, (const unsigned char *)text.data, text.len);
}
