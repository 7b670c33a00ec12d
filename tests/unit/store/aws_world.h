/* AWS's environment variables as the tests want them. */
#ifndef TEST_STORE_AWS_WORLD_H
#define TEST_STORE_AWS_WORLD_H

#define AWS_SECRET "secretsecretsecret"

/* Keys ("test") and a region, no files, no metadata service. */
void aws_variables(void);

#endif
