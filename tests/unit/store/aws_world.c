/* See aws_world.h. */
#include "aws_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

void aws_variables(void)
{
    static const char *const unset[] = {"AWS_PROFILE",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_ENDPOINT_URL",
                                        "AWS_ENDPOINT_URL_DYNAMODB",
                                        "AWS_WEB_IDENTITY_TOKEN_FILE",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_CA_BUNDLE"};
    for (size_t i = 0; i < sizeof unset / sizeof unset[0]; i++)
        assert_int_equal(unsetenv(unset[i]), 0);
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "test", 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", AWS_SECRET, 1), 0);
    assert_int_equal(setenv("AWS_REGION", "us-east-1", 1), 0);
    assert_int_equal(setenv("AWS_CONFIG_FILE", "/nowhere/config", 1), 0);
    assert_int_equal(setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials", 1), 0);
    assert_int_equal(setenv("AWS_EC2_METADATA_DISABLED", "true", 1), 0);
}
