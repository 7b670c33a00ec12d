/* starttime - how long a server takes from its start until /status says that it is healthy.
 *
 *   starttime PORT COMMAND [ARGUMENT...]
 *
 * Starts the command, asks GET /status on PORT without a pause, prints the milliseconds until an
 * answer says healthy, and the resident memory (KiB) a moment later; then ends the command. */
#include "process.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GIVE_UP_S = 10 };

/* One request; false when nobody listens yet or the answer is another. Only the status of the whole
 * relay has this value. */
static bool is_healthy(int port)
{
    static const char request[] = "GET /status HTTP/1.0\r\n\r\n";
    static char answer[1 << 16];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    size_t len = 0;
    ssize_t n = 0;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return false;
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
        write(fd, request, sizeof request - 1) > 0)
        while (len < sizeof answer - 1 && (n = read(fd, answer + len, sizeof answer - 1 - len)) > 0)
            len += (size_t)n;
    close(fd);
    answer[len] = '\0';
    return strstr(answer, "\"status\":\"healthy\"") != NULL;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: starttime PORT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    int port = atoi(argv[1]), status = 1;
    double began = process_now_s();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    while (!is_healthy(port) && process_now_s() - began < GIVE_UP_S)
        usleep(100);
    double took = process_now_s() - began;
    if (took < GIVE_UP_S) {
        usleep(500000);
        printf("healthy_ms %.2f\nrss_kib %ld\n", took * 1e3, process_rss_kib(child));
        status = 0;
    }
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    return status;
}
