/* The limit to compare with: the same parts to the same sockets, and nothing else.
 *
 * loop FRAMES FRAME_BYTES FPS
 * Listens on a free port of 127.0.0.1, which it prints, answers every request
 * with an endless multipart stream, and on each tick writes one part to each
 * socket. A socket that is still busy skips the part. Ends with its stdin. */
#include "common.h"

#define HEAD "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; " \
    "boundary=iotdframe\r\n\r\n--iotdframe\r\n"
#define PART_HEAD "Content-Type: image/jpeg\r\nContent-Length: %zu\r\nX-Timestamp: %.3f\r\n\r\n"
#define CLOSING "\r\n--iotdframe\r\n"
#define MAX_FILES 65536

struct viewer {
    int fd, at;          /* at: its place in `streaming`, or -1 */
    char *rest;          /* what the kernel did not take, malloc'ed */
    size_t begin, left;
};

static struct viewer viewers[MAX_FILES];
static struct viewer *streaming[MAX_FILES];
static int count, epoll;

static void leave(struct viewer *v) {
    if (v->at >= 0) {
        streaming[v->at] = streaming[--count];
        streaming[v->at]->at = v->at;
    }
    free(v->rest);
    v->rest = NULL;
    close(v->fd);
}

static void keep_rest(struct viewer *v, const char *data, size_t size) {
    v->rest = need(malloc(size));
    memcpy(v->rest, data, size);
    v->begin = 0;
    v->left = size;
    watch(epoll, EPOLL_CTL_MOD, v->fd, EPOLLIN | EPOLLOUT, v->fd);
}

static int offer(struct viewer *v, const char *part, size_t size) {
    if (v->rest) return 0;
    ssize_t sent = send(v->fd, part, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return -1;
    if (sent < 0) sent = 0;
    if ((size_t)sent < size) keep_rest(v, part + sent, size - sent);
    return 0;
}

static void send_rest(struct viewer *v) {
    ssize_t sent = send(v->fd, v->rest + v->begin, v->left, MSG_NOSIGNAL);
    if (sent < 0) return;
    v->begin += sent;
    v->left -= sent;
    if (v->left) return;
    free(v->rest);
    v->rest = NULL;
    watch(epoll, EPOLL_CTL_MOD, v->fd, EPOLLIN, v->fd);
}

static void answer(struct viewer *v) {
    char request[4096];
    ssize_t got = recv(v->fd, request, sizeof request, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) leave(v);
        return;
    }
    if (v->at >= 0 || !memmem(request, got, "\r\n\r\n", 4)) return;
    v->at = count;
    streaming[count++] = v;
    offer(v, HEAD, strlen(HEAD));
}

static void accept_all(int listener) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_FILES) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        viewers[fd] = (struct viewer){.fd = fd, .at = -1};
        watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, fd);
    }
}

static int listen_anywhere(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    if (bind(fd, (void *)&at, sizeof at) || listen(fd, 4096)) die("listen");
    getsockname(fd, (void *)&at, &size);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

static void tick(const char *frames, size_t frame_bytes, size_t kinds) {
    static char *part;
    static uint32_t number;
    struct timespec wall;
    if (!part) part = need(malloc(frame_bytes + 512));
    clock_gettime(CLOCK_REALTIME, &wall);
    size_t head = sprintf(part, PART_HEAD, frame_bytes, wall.tv_sec + wall.tv_nsec / 1e9);
    memcpy(part + head, frames + number % kinds * frame_bytes, frame_bytes);
    char *mark = memmem(part + head, 64, STAMP, 5);
    if (mark) stamp(mark, number, now_ns());
    memcpy(part + head + frame_bytes, CLOSING, strlen(CLOSING));
    size_t size = head + frame_bytes + strlen(CLOSING);
    for (int i = count - 1; i >= 0; i--)
        if (offer(streaming[i], part, size) < 0) leave(streaming[i]);
    number++;
}

int main(int argc, char **argv) {
    static struct epoll_event events[MAX_EVENTS];
    if (argc != 4) { fprintf(stderr, "loop FRAMES FRAME_BYTES FPS\n"); return 2; }
    size_t size, frame_bytes = atol(argv[2]);
    char *frames = read_file(argv[1], &size);
    int64_t period = 1e9 / atof(argv[3]), due = now_ns() + period;
    raise_open_files();
    epoll = epoll_create1(0);
    int listener = listen_anywhere();
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, listener);
    watch(epoll, EPOLL_CTL_ADD, 0, EPOLLIN, 0);
    for (;;) {
        int64_t left = due - now_ns();
        int n = epoll_wait(epoll, events, MAX_EVENTS, left > 0 ? left / 1000000 + 1 : 0);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.u32;
            if (fd == 0) return 0;
            if (fd == listener) { accept_all(listener); continue; }
            if (events[i].events & EPOLLOUT && viewers[fd].rest) send_rest(&viewers[fd]);
            if (events[i].events & ~EPOLLOUT) answer(&viewers[fd]);
        }
        if (now_ns() < due) continue;
        tick(frames, frame_bytes, size / frame_bytes);
        due += period;
        if (now_ns() > due) due = now_ns();   /* behind: this machine holds no more */
    }
}
