/* See server.h. */
#include "server.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define START_PATIENCE_MS 20000
#define MAX_WORDS 32

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

uint16_t free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static bool answers(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return connected;
}

static void wait_a_little(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* The word with "{port}" and "{folder}" replaced; the caller's. */
static char *word_of(const struct server *s, const char *word)
{
    char text[512];
    const char *at;
    if ((at = strstr(word, "{port}")) != NULL)
        (void)snprintf(text, sizeof text, "%.*s%u%s", (int)(at - word), word, s->port, at + 6);
    else if ((at = strstr(word, "{folder}")) != NULL)
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - word), word, s->folder, at + 8);
    else
        (void)snprintf(text, sizeof text, "%s", word);
    return mem_copy_text(text, strlen(text));
}

static void run(const struct server *s, char *const *words)
{
    char log[96];
    (void)snprintf(log, sizeof log, "%s/log", s->folder);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(fd, 1);
    (void)dup2(fd, 2);
    (void)execvp(words[0], words);
    _exit(127);
}

void server_start(struct server *s, uint16_t port, const char *const *words)
{
    char *argv[MAX_WORDS + 1] = {NULL};
    s->port = port != 0 ? port : free_port();
    if (s->folder[0] == '\0') {
        (void)snprintf(s->folder, sizeof s->folder, "/tmp/store-server-XXXXXX");
        assert_non_null(mkdtemp(s->folder));
    }
    for (size_t i = 0; i < MAX_WORDS && words[i] != NULL; i++)
        argv[i] = word_of(s, words[i]);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0)
        run(s, argv);
    for (size_t i = 0; argv[i] != NULL; i++)
        mem_free(argv[i]);
    for (int waited = 0; !answers(s->port); waited += 5) {
        if (waited > START_PATIENCE_MS || waitpid(s->pid, NULL, WNOHANG) != 0)
            fail_msg("%s did not start; see %s/log", words[0], s->folder);
        wait_a_little();
    }
}

void server_kill(struct server *s)
{
    if (s->pid == 0)
        return;
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

void server_freeze(const struct server *s)
{
    (void)kill(s->pid, SIGSTOP);
}

void server_thaw(const struct server *s)
{
    (void)kill(s->pid, SIGCONT);
}

void server_end(struct server *s)
{
    char command[128];
    server_kill(s);
    if (s->folder[0] == '\0')
        return;
    (void)snprintf(command, sizeof command, "rm -rf %s", s->folder);
    assert_int_equal(system(command), 0);
    s->folder[0] = '\0';
}

void redis_start(struct server *s, uint16_t port)
{
    static const char *const words[] = {"redis-server", "--port", "{port}",   "--bind",
                                        "127.0.0.1",    "--save", "",         "--appendonly",
                                        "no",           "--dir",  "{folder}", NULL};
    server_start(s, port, words);
}

const char *redis_cli(const struct server *s, const char *words)
{
    static char answer[8192];
    char command[512];
    (void)snprintf(command, sizeof command, "redis-cli -p %u %s 2>&1", s->port, words);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    size_t len = fread(answer, 1, sizeof answer - 1, out);
    (void)pclose(out);
    while (len > 0 && answer[len - 1] == '\n')
        len--;
    answer[len] = '\0';
    return answer;
}
