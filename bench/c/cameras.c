/* Many field cameras in one process: silent, until START; then frames at a fixed rate.
 *
 * cameras PORT COUNT FRAMES FRAME_BYTES FPS PIECE FIRST_ADDRESS
 * Camera i connects from FIRST_ADDRESS + i (loopback, so the daemon sees many
 * machines). A frame goes out in pieces of PIECE bytes, one piece a camera in
 * turn, so that pieces of all cameras mix. A frame that falls due while the last
 * is not out yet is not sent but counted as late. Words on stdin: "stat" prints
 * one line of JSON, "pause" and "go" hold and resume the pictures; its end ends all. */
#include "common.h"

#define IN_FLIGHT 256
#define WORDS UINT32_MAX

struct camera {
    int fd, connected, started, blocked;
    int64_t due;
    uint32_t number;
    size_t at;       /* bytes of the present frame that are out; == whole: none under way */
    char *frame;     /* header and JPEG, this camera's own copy since it is stamped */
};

static struct camera *cameras;
static int port, total, epoll, opened, connecting, connected, started, lost, paused;
static char *frames;
static size_t frame_bytes, whole, kinds, piece;
static int64_t period, sent_frames, sent_bytes, late, sends;
static uint32_t first_address;

static void open_more(void) {
    while (opened < total && connecting < IN_FLIGHT) {
        struct camera *c = &cameras[opened];
        c->fd = connect_to(port, first_address + opened);
        c->at = whole;
        watch(epoll, EPOLL_CTL_ADD, c->fd, EPOLLOUT, opened++);
        connecting++;
    }
}

static void gone(struct camera *c) {
    connected -= c->connected;
    started -= c->started;
    c->connected = c->started = 0;
    lost++;
    close(c->fd);
}

static void joined(struct camera *c) {
    int error = 0, one = 1;
    socklen_t size = sizeof error;
    connecting--;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) { gone(c); return; }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->connected = 1;
    connected++;
    watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN, c - cameras);
}

static void obey(struct camera *c) {
    char word[1025];
    ssize_t got = recv(c->fd, word, sizeof word - 1, 0);
    if (got <= 0) { if (got == 0 || errno != EAGAIN) gone(c); return; }
    word[got] = 0;
    if (!strncmp(word, "START", 5) && !c->started) {
        c->started = 1;
        started++;
        if (!c->frame) c->frame = need(malloc(whole));
        /* spread over the period, as cameras of a building are */
        c->due = now_ns() + period * (c - cameras) / total;
    } else if (!strncmp(word, "STOP", 4) && c->started) {
        c->started = 0;
        started--;
    }
}

static void begin_frame(struct camera *c, int64_t now) {
    uint32_t length = htonl(frame_bytes);
    memcpy(c->frame, &length, 4);
    memcpy(c->frame + 4, frames + c->number % kinds * frame_bytes, frame_bytes);
    char *mark = memmem(c->frame + 4, 64, STAMP, 5);
    if (mark) stamp(mark, c->number, now);
    c->number++;
    c->at = 0;
}

/* One piece; whether more of this frame can go at once. */
static int push(struct camera *c) {
    size_t left = whole - c->at;
    ssize_t sent = send(c->fd, c->frame + c->at, left < piece ? left : piece, MSG_NOSIGNAL);
    sends++;
    if (sent < 0 && errno != EAGAIN) { gone(c); c->at = whole; return 0; }
    if (sent < 0) {
        c->blocked = 1;
        watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN | EPOLLOUT, c - cameras);
        return 0;
    }
    c->at += sent;
    sent_bytes += sent;
    sent_frames += c->at == whole;
    return c->at < whole;
}

static void unblock(struct camera *c) {
    c->blocked = 0;
    watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN, c - cameras);
}

static int64_t pass(int *busy) {
    int64_t now = now_ns(), next = now + 100000000;
    *busy = 0;
    if (!started || paused) return next;
    for (struct camera *c = cameras; c < cameras + opened; c++) {
        if (!c->started && c->at == whole) continue;
        if (c->started && now >= c->due) {
            if (c->at == whole) begin_frame(c, now);
            else late++;
            c->due += period;
            if (c->due < now) c->due = now + period;   /* lost ticks are not made up for */
        }
        if (c->at < whole && !c->blocked) *busy |= push(c);
        if (c->started && c->due < next) next = c->due;
    }
    return next;
}

static void words(void) {
    char text[256];
    ssize_t got = read(0, text, sizeof text - 1);
    if (got <= 0) exit(0);
    text[got] = 0;
    if (strstr(text, "pause")) paused = 1;
    if (strstr(text, "go")) {
        paused = 0;
        for (int i = 0; i < opened; i++) cameras[i].due = now_ns() + period * i / total;
    }
    if (strstr(text, "stat"))
        printf("{\"connected\":%d,\"started\":%d,\"lost\":%d,\"frames\":%lld,\"bytes\":%lld,"
            "\"late\":%lld,\"sends\":%lld,\"client_cpu\":%.6f}\n", connected, started, lost,
            (long long)sent_frames, (long long)sent_bytes, (long long)late,
            (long long)sends, cpu_seconds());
    fflush(stdout);
}

int main(int argc, char **argv) {
    static struct epoll_event events[MAX_EVENTS];
    if (argc != 8) { fprintf(stderr, "see the top of cameras.c\n"); return 2; }
    size_t size;
    port = atoi(argv[1]); total = atoi(argv[2]);
    frames = read_file(argv[3], &size);
    frame_bytes = atol(argv[4]); whole = frame_bytes + 4; kinds = size / frame_bytes;
    period = 1e9 / atof(argv[5]);
    piece = atol(argv[6]);
    first_address = ntohl(inet_addr(argv[7]));
    raise_open_files();
    cameras = need(calloc(total, sizeof *cameras));
    epoll = epoll_create1(0);
    watch(epoll, EPOLL_CTL_ADD, 0, EPOLLIN, WORDS);
    for (int busy;;) {
        open_more();
        int64_t left = pass(&busy) - now_ns();
        int n = epoll_wait(epoll, events, MAX_EVENTS, busy || left < 0 ? 0 : left / 1000000 + 1);
        for (int i = 0; i < n; i++) {
            uint32_t who = events[i].data.u32;
            if (who == WORDS) { words(); continue; }
            struct camera *c = &cameras[who];
            if (!c->connected) { joined(c); continue; }
            if (events[i].events & EPOLLOUT && c->blocked) unblock(c);
            if (events[i].events & ~EPOLLOUT) obey(c);
        }
    }
}
