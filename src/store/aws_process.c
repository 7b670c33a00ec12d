/* store/aws_process.c - see aws_process.h. */
#include "store/aws_process.h"

#include "store/aws_answer.h"
#include "store/aws_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#define MAX_OUTPUT ((size_t)64 << 10)
#define LOOK_MS 50 /* how often `stop` is looked at */
#define REAP_MS 2  /* and whether a command has ended that has closed its output */

extern char **environ;

/* A process group of its own, so that what it starts can be ended with it; no signal is blocked or
 * ignored as it may be in this thread. */
static bool spawn(const char *command, int out, pid_t *pid, struct error *err)
{
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char *words[] = {shell, option, mem_copy_text(command, strlen(command)), NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t signals;
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&files, out, 1);
    (void)posix_spawnattr_init(&how);
    (void)posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                             POSIX_SPAWN_SETSIGDEF);
    (void)sigemptyset(&signals);
    (void)posix_spawnattr_setsigmask(&how, &signals);
    (void)sigfillset(&signals);
    (void)posix_spawnattr_setsigdefault(&how, &signals);
    int failed = posix_spawn(pid, shell, &files, &how, words, environ);
    if (failed != 0)
        error_set(err, "credential_process cannot be started: %s",
                  uv_strerror(uv_translate_sys_error(failed)));
    (void)posix_spawnattr_destroy(&how);
    (void)posix_spawn_file_actions_destroy(&files);
    mem_free(words[2]);
    return failed == 0;
}

/* 1: more came; 0: the end; -1: nothing for LOOK_MS. */
static int read_part(int fd, struct str *out)
{
    char part[4096];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, LOOK_MS) <= 0)
        return -1;
    ssize_t got = read(fd, part, sizeof part);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN ? -1 : 0;
    if (got > 0)
        str_append(out, view_make(part, (size_t)got));
    return got > 0;
}

/* How long anybody waits for the command. */
struct patience {
    uint64_t end; /* of uv_hrtime() */
    const atomic_bool *stop;
};

static bool patience_over(const struct patience *p)
{
    return atomic_load(p->stop) || uv_hrtime() > p->end;
}

/* Until the command has closed its output. */
static bool read_output(int fd, const struct patience *p, struct str *out)
{
    int got = 1;
    while (got != 0 && out->len <= MAX_OUTPUT && !patience_over(p))
        got = read_part(fd, out);
    return got == 0;
}

/* Its exit status; when its time is over, or it printed too much, it is made to end. */
static int reap(pid_t pid, const struct patience *p, bool *in_time)
{
    int status = 0;
    while (*in_time && waitpid(pid, &status, WNOHANG) == 0) {
        *in_time = !patience_over(p);
        (void)poll(NULL, 0, REAP_MS);
    }
    if (*in_time)
        return status;
    (void)kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static bool judge(int status, bool in_time, size_t printed, struct error *err)
{
    if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (printed > MAX_OUTPUT)
        error_set(err, "credential_process printed more than %zu bytes", MAX_OUTPUT);
    else if (!in_time)
        error_set(err, "credential_process has not ended in time");
    else
        error_set(err, "credential_process failed with %s %d",
                  WIFEXITED(status) ? "exit status" : "signal",
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return false;
}

bool aws_process_run(const char *command, int64_t limit_ms, const atomic_bool *stop,
                     struct aws_key *out, struct error *err)
{
    struct patience patience = {uv_hrtime() + (uint64_t)limit_ms * 1000000, stop};
    int ends[2];
    pid_t pid;
    struct str text = {0};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        error_set(err, "credential_process: %s", uv_strerror(uv_translate_sys_error(errno)));
        return false;
    }
    bool ok = spawn(command, ends[1], &pid, err);
    (void)close(ends[1]);
    if (ok) {
        bool in_time = read_output(ends[0], &patience, &text);
        int status = reap(pid, &patience, &in_time);
        ok = judge(status, in_time, text.len, err);
    }
    (void)close(ends[0]);
    if (ok && !aws_answer_json(str_view(&text), out, err)) {
        error_prefix(err, "credential_process: ");
        ok = false;
    }
    aws_file_wipe(&text);
    return ok;
}
