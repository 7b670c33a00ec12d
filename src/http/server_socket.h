/* http/server_socket.h - bytes in and out of a non-blocking socket, plain or TLS. Private to http/.
 */
#ifndef HTTP_SERVER_SOCKET_H
#define HTTP_SERVER_SOCKET_H

#include <openssl/ssl.h>
#include <sys/types.h>
#include <sys/uio.h>

#define SOCKET_AGAIN (-1) /* nothing now: epoll will tell */
#define SOCKET_LOST (-2)  /* the connection is broken */

/* `tls` NULL: plain. More than 0: so many bytes. 0: the peer will send no more. */
ssize_t socket_read(int fd, SSL *tls, char *to, size_t room);

/* The number of bytes taken, perhaps not all. */
ssize_t socket_write(int fd, SSL *tls, const struct iovec *parts, int count);

#endif
