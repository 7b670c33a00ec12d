/* store/aws_answer.h - what services and programs that hand out AWS credentials say. Pure. */
#ifndef STORE_AWS_ANSWER_H
#define STORE_AWS_ANSWER_H

#include "base/error.h"
#include "base/str.h"
#include "store/aws_key.h"

/* Of the instance metadata, a container's endpoint or credential_process: {"AccessKeyId":...,
 * "SecretAccessKey":..., "Token" or "SessionToken":..., "Expiration":...}. False with *err, which
 * holds no secret. */
MUST_CHECK bool aws_answer_json(struct view text, struct aws_key *out, struct error *err);

/* Of STS: AssumeRole and AssumeRoleWithWebIdentity, in XML. */
MUST_CHECK bool aws_answer_sts(struct view text, struct aws_key *out, struct error *err);

/* What STS says when it refuses: "AccessDenied: User ... is not authorized"; appended. Nothing when
 * it is not understood. */
void aws_answer_sts_refusal(struct view text, struct str *out);

/* The first line, without blanks around it: a token or a name on its own. Borrowed from `text`. */
struct view aws_answer_line(struct view text);

/* "2015-08-30T12:36:00Z", with or without a fraction, to Unix time. */
MUST_CHECK bool aws_answer_time(const char *text, int64_t *wall_ms);

#endif
