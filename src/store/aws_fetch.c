/* store/aws_fetch.c - see aws_fetch.h.
 *
 *   prepare (thread pool): the chain; keys, a process's keys, or the token that a service wants
 *        |
 *   keys, process ----------------------------+
 *   web identity --STS------------------------+--> a role? --STS--> the next role? ... --> done
 *   container ----GET-------------------------+
 *   instance -----PUT token, GET role, GET ---'
 */
#include "store/aws_fetch.h"

#include "base/percent.h"
#include "http/call.h"
#include "store/aws_answer.h"
#include "store/aws_call.h"
#include "store/aws_file.h"
#include "store/aws_prepare.h"

#include <stdatomic.h>

#define STS_TIMEOUT_MS 10000
#define CONTAINER_TIMEOUT_MS 5000
#define INSTANCE_TIMEOUT_MS 2000 /* where there is no such service nobody answers */
#define MAX_ANSWER ((size_t)64 << 10)
#define STS_ANYWHERE "https://sts.amazonaws.com" /* signed for us-east-1 */
#define ROLES_PATH "/latest/meta-data/iam/security-credentials/"

struct aws_fetch {
    struct aws_fetch_tools tools;
    aws_fetched *done;
    void *owner;
    uv_work_t work;
    uv_timer_t later;
    atomic_bool stopped;
    struct error problem; /* "" while all is well */
    struct aws_prepared from;
    size_t next_role;
    struct http_call *call;
    const char *what; /* who is being asked */
    void (*answered)(struct aws_fetch *f, struct view body);
};

/* ---- ending ---------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *timer)
{
    struct aws_fetch *f = timer->data;
    bool ok = f->problem.text[0] == '\0';
    f->done(f->owner, ok ? &f->from.key : NULL, f->problem.text);
    aws_prepared_free(&f->from);
    mem_free(f);
}

static void end(struct aws_fetch *f)
{
    uv_close((uv_handle_t *)&f->later, on_closed);
}

static void fail(struct aws_fetch *f, const char *reason)
{
    error_set(&f->problem, "no AWS credentials: %s: %s", f->what, reason);
    end(f);
}

/* ---- asking a service ------------------------------------------------------------------------ */

static void refuse(struct aws_fetch *f, const struct http_call_answer *answer)
{
    struct str reason = {0};
    str_append_format(&reason, "it answered with status %d", answer->status);
    struct str said = {0};
    aws_answer_sts_refusal(answer->body, &said);
    if (said.len > 0)
        str_append_format(&reason, ": %s", str_text(&said));
    fail(f, str_text(&reason));
    str_free(&said);
    str_free(&reason);
}

static void on_answer(void *owner, const struct http_call_answer *answer)
{
    struct aws_fetch *f = owner;
    f->call = NULL;
    if (!answer->ok)
        fail(f, answer->problem);
    else if (answer->status != 200)
        refuse(f, answer);
    else
        f->answered(f, answer->body);
}

static void ask(struct aws_fetch *f, const char *method, struct view url,
                const struct http_client_header *header, int64_t timeout_ms,
                void (*answered)(struct aws_fetch *f, struct view body))
{
    struct http_call_request request = {.exchange = {.method = method,
                                                     .url = url,
                                                     .headers = header,
                                                     .header_count = header != NULL ? 1 : 0},
                                        .max_body = MAX_ANSWER,
                                        .timeout_ms = timeout_ms};
    f->answered = answered;
    f->call = http_call_start(f->tools.direct, &request, f->tools.loop, on_answer, f);
}

/* ---- roles ----------------------------------------------------------------------------------- */

static void roles_go_on(struct aws_fetch *f);

static void key_take(struct aws_fetch *f, struct aws_key *key)
{
    aws_key_clear(&f->from.key);
    f->from.key = *key;
    roles_go_on(f);
}

static void on_sts(struct aws_fetch *f, struct view body)
{
    struct aws_key key;
    struct error err;
    if (aws_answer_sts(body, &key, &err))
        key_take(f, &key);
    else
        fail(f, err.text);
}

static void form_add(struct str *form, const char *name, struct view value)
{
    str_append_format(form, "&%s=", name);
    percent_encode(value, form);
}

/* `key` NULL: the token in the form proves who asks. */
static void sts_post(struct aws_fetch *f, struct str *form, const struct aws_key *key)
{
    const struct aws_chain *c = &f->from.chain;
    bool regional = c->region[0] != '\0';
    char hash[AWS_HASH_SIZE];
    struct str url = {0};
    if (c->sts_url[0] != '\0')
        str_append_text(&url, c->sts_url);
    else if (regional)
        aws_endpoint("sts", c->region, &url);
    else
        str_append_text(&url, STS_ANYWHERE);
    struct buf *body = str_to_buf(form);
    aws_hash(buf_view(body), hash);
    struct aws_call call = {.url = str_text(&url),
                            .region = regional ? c->region : "us-east-1",
                            .service = "sts",
                            .content_type = "application/x-www-form-urlencoded; charset=utf-8",
                            .body = body,
                            .payload_hash = hash,
                            .wall_ms = clock_wall_ms(f->tools.clock),
                            .timeout_ms = STS_TIMEOUT_MS,
                            .max_body = MAX_ANSWER};
    f->answered = on_sts;
    f->call = aws_call_start(f->tools.client, f->tools.loop, &call, key, on_answer, f);
    buf_unref(body);
    str_free(&url);
    aws_file_wipe(form);
}

static void form_begin(struct str *form, const char *action, const struct aws_role *role)
{
    str_append_format(form, "Action=%s&Version=2011-06-15", action);
    form_add(form, "RoleArn", view_of(role->arn));
    form_add(form, "RoleSessionName", view_of(role->session_name));
}

/* The next role is assumed with what we are now; or all is done. */
static void roles_go_on(struct aws_fetch *f)
{
    struct str form = {0};
    if (f->next_role == f->from.chain.role_count) {
        end(f);
        return;
    }
    const struct aws_role *role = &f->from.chain.roles[f->next_role++];
    f->what = "AWS STS, AssumeRole";
    form_begin(&form, "AssumeRole", role);
    form_add(&form, "DurationSeconds", view_of(role->duration[0] != '\0' ? role->duration : "900"));
    if (role->external_id[0] != '\0')
        form_add(&form, "ExternalId", view_of(role->external_id));
    sts_post(f, &form, &f->from.key);
}

/* ---- origins --------------------------------------------------------------------------------- */

static void begin_web_identity(struct aws_fetch *f)
{
    struct str form = {0};
    f->what = "AWS STS, AssumeRoleWithWebIdentity";
    form_begin(&form, "AssumeRoleWithWebIdentity", &f->from.chain.web_role);
    form_add(&form, "WebIdentityToken", aws_answer_line(str_view(&f->from.token)));
    sts_post(f, &form, NULL);
}

static void on_json(struct aws_fetch *f, struct view body)
{
    struct aws_key key;
    struct error err;
    if (aws_answer_json(body, &key, &err))
        key_take(f, &key);
    else
        fail(f, err.text);
}

static void begin_container(struct aws_fetch *f)
{
    struct http_client_header header = {"Authorization", aws_answer_line(str_view(&f->from.token))};
    f->what = "the container's credential service";
    ask(f, "GET", view_of(f->from.chain.container_url), header.value.len > 0 ? &header : NULL,
        CONTAINER_TIMEOUT_MS, on_json);
}

static void instance_get(struct aws_fetch *f, struct view role,
                         void (*answered)(struct aws_fetch *f, struct view body))
{
    struct http_client_header header = {"X-aws-ec2-metadata-token",
                                        aws_answer_line(str_view(&f->from.token))};
    struct str url = {0};
    str_append_text(&url, f->from.chain.metadata_url);
    str_append_text(&url, ROLES_PATH);
    percent_encode(role, &url);
    ask(f, "GET", str_view(&url), &header, INSTANCE_TIMEOUT_MS, answered);
    str_free(&url);
}

/* One role's name in a line; an instance has one. */
static void on_instance_role(struct aws_fetch *f, struct view body)
{
    struct view role = aws_answer_line(body);
    if (role.len == 0)
        fail(f, "the instance has no role");
    else
        instance_get(f, role, on_json);
}

static void on_instance_token(struct aws_fetch *f, struct view body)
{
    str_clear(&f->from.token);
    str_append(&f->from.token, body);
    instance_get(f, VIEW_LITERAL(""), on_instance_role);
}

static void begin_instance(struct aws_fetch *f)
{
    struct http_client_header header = {"X-aws-ec2-metadata-token-ttl-seconds",
                                        VIEW_LITERAL("21600")};
    struct str url = {0};
    f->what = "the instance metadata service";
    if (f->from.chain.metadata_url[0] == '\0') {
        fail(f, "it is switched off by AWS_EC2_METADATA_DISABLED; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
        return;
    }
    str_append_format(&url, "%s/latest/api/token", f->from.chain.metadata_url);
    ask(f, "PUT", str_view(&url), &header, INSTANCE_TIMEOUT_MS, on_instance_token);
    str_free(&url);
}

/* ---- the beginning --------------------------------------------------------------------------- */

static void on_work(uv_work_t *work)
{
    struct aws_fetch *f = work->data;
    struct error err;
    if (!aws_prepare(f->tools.lookup, &f->stopped, &f->from, &err))
        error_set(&f->problem, "no AWS credentials: %s", err.text);
}

static void on_prepared(uv_work_t *work, int status)
{
    struct aws_fetch *f = work->data;
    (void)status; /* nobody cancels it */
    if (f->problem.text[0] != '\0') {
        end(f);
    } else if (atomic_load(&f->stopped)) {
        f->what = "the program";
        fail(f, "it ends");
    } else if (f->from.chain.origin == AWS_FROM_WEB_IDENTITY) {
        begin_web_identity(f);
    } else if (f->from.chain.origin == AWS_FROM_CONTAINER) {
        begin_container(f);
    } else if (f->from.chain.origin == AWS_FROM_INSTANCE) {
        begin_instance(f);
    } else {
        roles_go_on(f);
    }
}

struct aws_fetch *aws_fetch_start(const struct aws_fetch_tools *tools, aws_fetched *done,
                                  void *owner)
{
    struct aws_fetch *f = mem_zalloc(sizeof *f);
    f->tools = *tools;
    f->done = done;
    f->owner = owner;
    f->work.data = f;
    atomic_init(&f->stopped, false);
    (void)uv_timer_init(tools->loop, &f->later);
    f->later.data = f;
    (void)uv_queue_work(tools->loop, &f->work, on_work, on_prepared);
    return f;
}

void aws_fetch_stop(struct aws_fetch *f)
{
    atomic_store(&f->stopped, true);
    if (f->call == NULL)
        return;
    http_call_cancel(f->call);
    f->call = NULL;
    fail(f, "it was not waited for");
}
