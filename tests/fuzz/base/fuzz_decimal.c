/* Any bits as an f64, and any text as a number.
 *
 * Laws: what is printed parses to the same number, here and in the C library; text in JSON's form
 * parses as the C library parses it. */
#include "base/decimal.h"
#include "base/json_reader.h"

#include <math.h>
#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

static void check_printing(double number)
{
    char text[DECIMAL_SIZE + 1];
    size_t len = decimal_print(number, text);
    must(len < DECIMAL_SIZE);
    text[len] = '\0';
    must(decimal_parse(view_make(text, len)) == number);
    must(strtod(text, NULL) == number);
}

static void check_parsing(struct view text)
{
    struct json_reader r;
    json_reader_init(&r, text);
    bool number = json_peek(&r) == JSON_NUMBER;
    struct view raw = json_read_raw(&r);
    if (number && !json_failed(&r)) {
        char *zero_terminated = mem_copy_text(raw.data, raw.len);
        double parsed = decimal_parse(raw);
        double expected = strtod(zero_terminated, NULL);
        must(parsed == expected && signbit(parsed) == signbit(expected));
        mem_free(zero_terminated);
    }
    json_reader_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double number;
    if (size == sizeof number) {
        memcpy(&number, data, sizeof number);
        if (isfinite(number))
            check_printing(number);
    }
    check_parsing(view_make((const char *)data, size));
    return 0;
}
