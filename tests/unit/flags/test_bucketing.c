/* Bucketing (evaluation.md 7, checklist 55 to 63). */
#include "evaluate_test.h"

#include "flags/evaluate_private.h"

/* The bucket of the context for a hash input of `prefix`, by the attribute `by` or by key. */
static enum bucket_result bucket_for(const char *json, const char *prefix, const char *kind,
                                     const char *by, bool experiment, float *bucket)
{
    struct error err;
    struct arena arena = {0};
    struct context *c = context_parse(view_of(json), &err);
    assert_non_null(c);
    struct compiled_rollout rollout = {
        .experiment = experiment,
        .kind_is_user = kind[0] == '\0',
        .context_kind = view_of(kind),
        .prefix = view_of(prefix),
        .bucket_by = reference_parse(&arena, view_of(by), kind[0] != '\0'),
    };
    struct dataset *d = dataset_empty();
    struct evaluator *e = evaluator_new(d, c, NULL);
    enum bucket_result result = evaluate_bucket(e, &rollout, bucket);
    evaluator_free(e);
    dataset_unref(d);
    context_free(c);
    arena_free(&arena);
    return result;
}

#define KEY(key) "{\"kind\":\"user\",\"key\":\"" key "\"}"
#define WITH(attribute) "{\"kind\":\"user\",\"key\":\"userKeyA\"," attribute "}"
#define P "hashKey.saltyA."

/* Checklist 55 to 59: the table of section 7, and what the hash is made of. */
static const struct {
    const char *context;
    const char *prefix;
    const char *kind;
    const char *by;
    bool experiment;
    float bucket;
    const char *why;
} rows[] = {
    {KEY("userKeyA"), P, "", "", false, 0.421575874F, "key"},
    {KEY("userKeyB"), P, "", "", false, 0.670848489F, "key"},
    {KEY("userKeyC"), P, "", "", false, 0.103431061F, "key"},
    {KEY("userKeyA"), "61.", "", "", false, 0.0980120674F, "56: seed"},
    {KEY("userKeyB"), "61.", "", "", true, 0.144837767F, "56: seed"},
    {KEY("userKeyC"), "61.", "", "", true, 0.924264073F, "56: seed"},
    {WITH("\"n\":33333"), P, "", "n", false, 0.547714233F, "59: integer"},
    {WITH("\"n\":33333.0"), P, "", "n", false, 0.547714233F, "59: integer"},
    {WITH("\"n\":\"33333\""), P, "", "n", false, 0.547714233F, "59: text"},
    {WITH("\"n\":99999"), P, "", "n", false, 0.730965793F, "59: integer"},
    {WITH("\"n\":{\"m\":99999}"), P, "user", "/n/m", false, 0.730965793F, "a path"},
    {WITH("\"n\":1.5"), P, "", "n", false, 0, "59: fraction"},
    {WITH("\"n\":1e30"), P, "", "n", false, 0, "59: huge"},
    {WITH("\"n\":true"), P, "", "n", false, 0, "59: boolean"},
    {WITH("\"n\":[]"), P, "", "n", false, 0, "59: array"},
    {WITH("\"n\":{}"), P, "", "n", false, 0, "59: object"},
    {WITH("\"n\":null"), P, "", "n", false, 0, "59: null"},
    {WITH("\"x\":1"), P, "", "n", false, 0, "59: missing"},
    {WITH("\"n\":1.5"), P, "", "n", true, 0.421575874F, "57: experiments go by key"},
    {"{\"key\":\"userKeyA\",\"secondary\":\"some-secondary-key\"}", P, "", "", false, 0.233859628F,
     "58: secondary"},
    {"{\"key\":\"userKeyA\",\"secondary\":\"some-secondary-key\"}", P, "", "", true, 0.421575874F,
     "57: experiments ignore secondary"},
    {WITH("\"secondary\":\"some-secondary-key\""), P, "", "", false, 0.421575874F,
     "58: an attribute named secondary"},
    {KEY("user-key"), "segment3.salty.", "", "", false, 0.149502128F, "53"},
    {KEY("unmatching-key"), "segment3.salty.", "", "", false, 0.365635633F, "53"},
    {KEY("user-5854849"), P, "", "", false, 0.900000036F, "f32"},
    {KEY("user-8202402"), P, "", "", false, 0.5F, "f32"},
    {KEY("user-10662889"), P, "", "", false, 0.900000036F, "f32"},
    {"{\"kind\":\"org\",\"key\":\"userKeyA\"}", P, "org", "", false, 0.421575874F, "kind"},
};

static void buckets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        float bucket = -1;
        enum bucket_result result = bucket_for(rows[i].context, rows[i].prefix, rows[i].kind,
                                               rows[i].by, rows[i].experiment, &bucket);
        test_assert_int(result, BUCKET_FOUND, rows[i].why);
        if (!(bucket == rows[i].bucket))
            fail_msg("%s: got %.9g, want %.9g", rows[i].why, (double)bucket,
                     (double)rows[i].bucket);
    }
}

/* Checklist 58: an empty secondary key appends a dot. */
static void an_empty_secondary_key_counts(void **state)
{
    (void)state;
    float with;
    float without;
    (void)bucket_for("{\"key\":\"userKeyA\",\"secondary\":\"\"}", P, "", "", false, &with);
    (void)bucket_for("{\"key\":\"userKeyA.\"}", P, "", "", false, &without);
    assert_true(with == without);
    assert_false(with == 0.421575874F);
}

static void what_cannot_be_hashed(void **state)
{
    (void)state;
    float bucket = -1;
    assert_int_equal(bucket_for(KEY("x"), P, "user", "//", false, &bucket), BUCKET_INVALID);
    assert_int_equal(bucket_for(KEY("x"), P, "user", "//", true, &bucket), BUCKET_FOUND);
    assert_int_equal(bucket_for(KEY("x"), P, "org", "", false, &bucket), BUCKET_NO_KIND);
    assert_true(bucket == 0);
}

#define SPLIT(more)                                                                                \
    "\"f\":{\"key\":\"hashKey\",\"salt\":\"saltyA\",\"version\":1,\"on\":true,\"variations\":[0,"  \
    "1,2,3,4,"                                                                                     \
    "5,6,7,8,9],\"fallthrough\":{\"rollout\":{" more "}}}"
#define TENTHS                                                                                     \
    "\"variations\":[{\"variation\":0,\"weight\":10000},{\"variation\":1,\"weight\":10000},"       \
    "{\"variation\":2,\"weight\":10000},{\"variation\":3,\"weight\":10000},{\"variation\":4,"      \
    "\"weight\":10000},{\"variation\":5,\"weight\":10000},{\"variation\":6,\"weight\":10000},"     \
    "{\"variation\":7,\"weight\":10000},{\"variation\":8,\"weight\":10000},{\"variation\":9,"      \
    "\"weight\":10000}]"
#define HALVES                                                                                     \
    "\"variations\":[{\"variation\":1,\"weight\":50000},{\"variation\":2,\"weight\":50000}]"
#define FELL(value) #value " " #value " {\"kind\":\"FALLTHROUGH\"}"
#define IN_EXPERIMENT(value) #value " " #value " {\"kind\":\"FALLTHROUGH\",\"inExperiment\":true} e"
#define MALFORMED "null -1 {\"kind\":\"ERROR\",\"errorKind\":\"MALFORMED_FLAG\"}"

static const struct evaluate_row rollouts[] = {
    {SPLIT(TENTHS), "", KEY("user-5854849"), FELL(8), "f32 sums, not f64"},
    {SPLIT(TENTHS), "", KEY("user-8202402"), FELL(5), "f32 sums, not f64"},
    {SPLIT(TENTHS), "", KEY("user-10662889"), FELL(8), "f32 sums, not f64"},
    {SPLIT(HALVES), "", KEY("userKeyA"), FELL(1), "0.42"},
    {SPLIT(HALVES), "", KEY("userKeyB"), FELL(2), "0.67"},
    {SPLIT("\"variations\":[{\"variation\":1,\"weight\":1},{\"variation\":2,\"weight\":1}]"), "",
     KEY("userKeyA"), FELL(2), "62: the rest goes to the last entry"},
    {SPLIT(
         "\"kind\":\"experiment\",\"variations\":[{\"variation\":1,\"weight\":1},{\"variation\":2,"
         "\"weight\":1}]"),
     "", KEY("userKeyA"), IN_EXPERIMENT(2), "62: in an experiment"},
    {SPLIT("\"kind\":\"experiment\"," HALVES), "", KEY("userKeyA"), IN_EXPERIMENT(1), "experiment"},
    {SPLIT("\"kind\":\"other\"," HALVES), "", KEY("userKeyA"), FELL(1),
     "any other kind is a rollout"},
    {SPLIT("\"kind\":\"experiment\",\"contextKind\":\"org\"," HALVES), "", KEY("userKeyA"), FELL(1),
     "60: first bucket, not in the experiment"},
    {SPLIT("\"kind\":\"experiment\",\"contextKind\":\"org\",\"variations\":[{\"variation\":3}]"),
     "", KEY("userKeyA"), IN_EXPERIMENT(3),
     "4.5 step 5: the kind is not looked at for the last entry"},
    {SPLIT("\"kind\":\"experiment\",\"variations\":[{\"variation\":1,\"weight\":100000,"
           "\"untracked\":true}]"),
     "", KEY("userKeyA"), FELL(1), "61: untracked"},
    {SPLIT("\"kind\":\"experiment\",\"variations\":[{\"variation\":10,\"weight\":100000}]"), "",
     KEY("userKeyA"), MALFORMED, "an experiment with a variation out of range"},
    {SPLIT("\"contextKind\":\"user\",\"bucketBy\":\"//\"," HALVES), "", KEY("userKeyA"), MALFORMED,
     "63: rollout"},
    {SPLIT("\"kind\":\"experiment\",\"contextKind\":\"user\",\"bucketBy\":\"//\"," HALVES), "",
     KEY("userKeyA"), IN_EXPERIMENT(1), "63: experiment"},
    {SPLIT("\"seed\":61," HALVES), "", KEY("userKeyC"), FELL(2), "56: 0.92 with the seed"},
    {SPLIT(HALVES), "", KEY("userKeyC"), FELL(1), "56: 0.10 without"},
    {SPLIT("\"bucketBy\":\"n\"," HALVES), "", WITH("\"n\":true"), FELL(1), "59: bucket 0"},
    {SPLIT("\"variations\":[{\"variation\":1,\"weight\":0},{\"variation\":2,\"weight\":100000}],"
           "\"bucketBy\":\"n\""),
     "", WITH("\"n\":true"), FELL(2), "59: bucket 0 is not below 0"},
};

static void rollouts_choose(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rollouts); i++)
        evaluate_row_check(&rollouts[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets),
        cmocka_unit_test(an_empty_secondary_key_counts),
        cmocka_unit_test(what_cannot_be_hashed),
        cmocka_unit_test(rollouts_choose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
