/* http/server_socket.c - see server_socket.h. */
#include "http/server_socket.h"

#include "http/server_tls.h"

#include <errno.h>
#include <sys/socket.h>

static ssize_t result_of(ssize_t n)
{
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? SOCKET_AGAIN : SOCKET_LOST;
}

ssize_t socket_read(int fd, SSL *tls, char *to, size_t room)
{
    if (tls != NULL)
        return server_tls_read(tls, to, room);
    ssize_t n;
    do
        n = recv(fd, to, room, 0);
    while (n < 0 && errno == EINTR);
    return result_of(n);
}

static ssize_t write_plain(int fd, const struct iovec *parts, int count)
{
    ssize_t n;
    do {
        if (count == 1) {
            n = send(fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
        } else {
            struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                                     .msg_iovlen = (size_t)count};
            n = sendmsg(fd, &message, MSG_NOSIGNAL);
        }
    } while (n < 0 && errno == EINTR);
    return result_of(n);
}

ssize_t socket_write(int fd, SSL *tls, const struct iovec *parts, int count)
{
    if (tls == NULL)
        return write_plain(fd, parts, count);
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t n = server_tls_write(tls, parts[i].iov_base, parts[i].iov_len);
        if (n < 0)
            return n == SOCKET_AGAIN && total != 0 ? total : n;
        total += n;
        if ((size_t)n < parts[i].iov_len)
            break;
    }
    return total;
}
