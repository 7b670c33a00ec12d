/* What a service that hands out AWS credentials may say: credentials that are whole, or an error.
 *
 * Input: JSON, XML or a refusal (one byte), the answer.
 */
#include "store/aws_answer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aws_key key;
    struct error err = {""};
    struct str refusal = {0};
    if (size == 0)
        return 0;
    struct view text = view_make((const char *)data + 1, size - 1);
    aws_answer_sts_refusal(text, &refusal);
    str_free(&refusal);
    bool ok =
        data[0] % 2 == 0 ? aws_answer_json(text, &key, &err) : aws_answer_sts(text, &key, &err);
    if (ok && (key.id[0] == '\0' || key.secret[0] == '\0' || key.token == NULL))
        abort();
    if (ok)
        aws_key_clear(&key);
    else if (err.text[0] == '\0')
        abort();
    return 0;
}
