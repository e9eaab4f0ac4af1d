/* Many viewers of one stream in one process, as cheap as a client can be.
 *
 * viewers PORT COUNT PATH HEADERS_FILE SAMPLES WARM SECONDS MODE [BYTES_PER_SECOND]
 * HEADERS_FILE has one block of request headers a line ("\n" ends each); the
 * viewers take them in turn. MODE:
 *   count   SAMPLES viewers parse every part; of the others only bytes
 *           are counted and discarded in the kernel (MSG_TRUNC). Parts have one
 *           size, which the samples prove, so bytes give parts.
 *   stalled never reads
 *   slow    parses, but reads BYTES_PER_SECOND only
 *   hold    opens and reads until stdin ends, counts nothing
 * Prints "ready", "begin", then one line of JSON. Stops with stdin. */
#include "common.h"
#include <poll.h>

#define BUFFER (1 << 20)
#define MAX_LATENCIES 200000
#define IN_FLIGHT 256

struct viewer {
    int fd, state;             /* 0 connecting, 1 head awaited, 2 streaming, 3 gone */
    int64_t bytes, at_begin;   /* after the head */
    char *buffer;              /* samples only */
    size_t used;
    int64_t parts;
    int begun;                 /* the first boundary is behind */
};

static struct viewer *viewers;
static int port, total, samples, epoll, connected, answered, opened, failed;
static const char *path, *mode;
static char **headers, boundary[80], scratch[BUFFER];
static int header_count, measuring;
static size_t part_min = SIZE_MAX, part_max, body_bytes;
static double latencies[MAX_LATENCIES], ages[MAX_LATENCIES], last_age;
static int latency_count;
static int64_t seen_parts;
static uint32_t newest;

/* Samples lie evenly among all: who is written to first in a round gets it soonest. */
static int is_sample(int i) { return (int64_t)i * samples % total < samples; }

static double wall(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void gone(struct viewer *v) {
    if (v->state == 3) return;
    if (v->state < 2) connected--;
    v->state = 3;
    failed++;
    close(v->fd);
}

static void open_more(void) {
    while (opened < total && connected < IN_FLIGHT) {
        struct viewer *v = &viewers[opened];
        v->fd = connect_to(port, 0);
        v->buffer = is_sample(opened) ? need(malloc(BUFFER)) : NULL;
        watch(epoll, EPOLL_CTL_ADD, v->fd, EPOLLOUT, opened++);
        connected++;
    }
}

static void ask(struct viewer *v) {
    char request[2048];
    int size = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n\r\n", path, port,
        headers[(v - viewers) % header_count]);
    if (send(v->fd, request, size, MSG_NOSIGNAL) != size) { gone(v); return; }
    v->state = 1;
    watch(epoll, EPOLL_CTL_MOD, v->fd, EPOLLIN, v - viewers);
}

static void take_head(struct viewer *v) {
    char head[8192];
    ssize_t got = recv(v->fd, head, sizeof head - 1, MSG_PEEK);
    if (got <= 0) { if (got == 0 || errno != EAGAIN) gone(v); return; }
    head[got] = 0;
    char *end = strstr(head, "\r\n\r\n");
    if (!end) return;
    if (!strstr(head, " 200 ") || strcasestr(head, "transfer-encoding")) {
        if (!failed) fprintf(stderr, "answer: %.300s\n", head);
        gone(v);
        return;
    }
    char *mark = strstr(head, "boundary=");
    if (mark) sscanf(mark + 9, "%70[^\r\n;\"]", boundary);
    recv(v->fd, head, end + 4 - head, 0);
    v->state = 2;
    connected--;
    answered++;
    if (!strcmp(mode, "stalled")) epoll_ctl(epoll, EPOLL_CTL_DEL, v->fd, NULL);
}

/* The size of the part at the start of `data`, closing boundary included; 0: not whole. */
static size_t whole_part(char *data, size_t size, char **body, double *made) {
    char *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end) return 0;
    char *length = memmem(data, end - data, "Content-Length: ", 16);
    char *time = memmem(data, end - data, "X-Timestamp: ", 13);
    if (!length) { fprintf(stderr, "no Content-Length\n"); exit(1); }
    body_bytes = atol(length + 16);
    *made = time ? atof(time + 13) : 0;
    *body = end + 4;
    size_t whole = end + 4 - data + body_bytes + 6 + strlen(boundary);
    return whole <= size ? whole : 0;
}

static void saw(struct viewer *v, char *body, size_t whole, double made, int64_t now) {
    long long left_at = 0;
    uint32_t number = 0;
    char *mark = memmem(body, 64, STAMP, 5);
    v->parts++;
    if (mark && sscanf(mark + 5, "%10u%20lld", &number, &left_at) == 2 && number > newest)
        newest = number;
    last_age = wall() - made;
    if (!measuring) return;
    seen_parts++;
    if (whole < part_min) part_min = whole;
    if (whole > part_max) part_max = whole;
    if (left_at && latency_count < MAX_LATENCIES) {
        ages[latency_count] = last_age * 1e3;
        latencies[latency_count++] = (now - left_at) / 1e6;
    }
}

static void parse(struct viewer *v, int64_t now) {
    size_t at = 0, whole;
    double made;
    char *body;
    if (!v->begun) {
        size_t opening = strlen(boundary) + 4;
        if (v->used < opening) return;
        v->begun = 1;
        at = opening;
    }
    while ((whole = whole_part(v->buffer + at, v->used - at, &body, &made))) {
        saw(v, body, whole, made, now);
        at += whole;
    }
    memmove(v->buffer, v->buffer + at, v->used -= at);
}

static ssize_t take(struct viewer *v, size_t most) {
    ssize_t got;
    if (v->buffer) {
        size_t room = BUFFER - v->used;
        got = recv(v->fd, v->buffer + v->used, room < most ? room : most, 0);
        if (got > 0) { v->used += got; parse(v, now_ns()); }
    } else {
        got = recv(v->fd, scratch, most, MSG_TRUNC);
    }
    if (got == 0 || (got < 0 && errno != EAGAIN)) gone(v);
    if (got > 0) v->bytes += got;
    return got;
}

static int turn(int wait_ms) {
    static struct epoll_event events[MAX_EVENTS];
    int n = epoll_wait(epoll, events, MAX_EVENTS, wait_ms);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u32 == UINT32_MAX) exit(0);
        struct viewer *v = &viewers[events[i].data.u32];
        if (v->state == 0) ask(v);
        else if (v->state == 1) take_head(v);
        else if (v->state == 2) take(v, BUFFER);
    }
    return n;
}

static void run_for(double seconds) {
    for (int64_t end = now_ns() + seconds * 1e9, left; (left = end - now_ns()) > 0;)
        turn(left / 1000000 + 1);
}

/* To the gap between two frames, so that a window's edges cut no frame; 1 s at most. */
static void until_quiet(void) {
    for (int64_t end = now_ns() + 1000000000; now_ns() < end;)
        if (turn(3) == 0) return;
}

static void read_slowly(double seconds, double bytes_per_second) {
    int64_t begin = now_ns();
    double read = 0;
    for (struct viewer *v = viewers; now_ns() - begin < seconds * 1e9 && v->state == 2;) {
        double allowed = (now_ns() - begin) / 1e9 * bytes_per_second - read;
        struct pollfd readable = {.fd = v->fd, .events = POLLIN};
        if (allowed >= 512 && poll(&readable, 1, 5) > 0) {
            ssize_t got = take(v, allowed);
            if (got > 0) read += got;
        } else if (allowed < 512) {
            usleep(2000);
        }
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(double *)a, y = *(double *)b;
    return (x > y) - (x < y);
}

static double rank(double *sorted, double part) {
    return latency_count ? sorted[(int)(part * (latency_count - 1))] : -1;
}

static void report(double seconds, double cpu, uint32_t offered) {
    double bytes = 0, least = 1e18;
    for (int i = 0; i < total; i++) {
        double got = viewers[i].state == 2 ? viewers[i].bytes - viewers[i].at_begin : 0;
        bytes += got;
        if (got < least) least = got;
    }
    qsort(latencies, latency_count, sizeof *latencies, by_value);
    double final_age = last_age;
    qsort(ages, latency_count, sizeof *ages, by_value);
    size_t part = part_max ? part_max : 1;
    printf("{\"viewers\":%d,\"failed\":%d,\"seconds\":%.6f,\"client_cpu\":%.6f,"
        "\"frames\":%.3f,\"least\":%.3f,\"offered\":%u,\"sampled\":%lld,\"bytes\":%.0f,"
        "\"part_min\":%zu,\"part_max\":%zu,\"body_bytes\":%zu,"
        "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
        "\"age_p50_ms\":%.1f,\"age_max_ms\":%.1f,\"age_last_ms\":%.1f}\n",
        total, failed, seconds, cpu, bytes / part, least / part, offered,
        (long long)seen_parts, bytes, part_max ? part_min : 0, part_max, body_bytes,
        rank(latencies, .5), rank(latencies, .99), rank(latencies, 1),
        rank(ages, .5), rank(ages, 1), final_age * 1e3);
    fflush(stdout);
}

static void say(const char *word) { puts(word); fflush(stdout); }

static void load_headers(const char *file) {
    size_t size;
    char *text = read_file(file, &size), *line = strtok(text, "\n");
    headers = need(calloc(64, sizeof *headers));
    for (; line && header_count < 64; line = strtok(NULL, "\n")) headers[header_count++] = line;
    if (!header_count) headers[header_count++] = "Accept: */*";
}

int main(int argc, char **argv) {
    if (argc < 9) { fprintf(stderr, "see the top of viewers.c\n"); return 2; }
    port = atoi(argv[1]); total = atoi(argv[2]); path = argv[3];
    load_headers(argv[4]);
    samples = atoi(argv[5]); mode = argv[8];
    double warm = atof(argv[6]), seconds = atof(argv[7]);
    double rate = argc > 9 ? atof(argv[9]) : 150e3;
    raise_open_files();
    viewers = need(calloc(total, sizeof *viewers));
    epoll = epoll_create1(0);
    watch(epoll, EPOLL_CTL_ADD, 0, EPOLLIN, UINT32_MAX);
    for (int64_t end = now_ns() + 60000000000LL; answered + failed < total;) {
        open_more();
        turn(100);
        if (now_ns() > end) break;
    }
    if (answered < total) { fprintf(stderr, "%d of %d got a stream\n", answered, total); return 1; }
    say("ready");
    if (!strcmp(mode, "hold") || !strcmp(mode, "stalled")) for (;;) turn(1000);
    if (!strcmp(mode, "slow")) measuring = 1, seconds += warm, warm = 0;
    run_for(warm);
    if (warm) until_quiet();
    for (int i = 0; i < total; i++) viewers[i].at_begin = viewers[i].bytes;
    measuring = 1;
    uint32_t first = newest;
    double cpu = cpu_seconds();
    int64_t begin = now_ns();
    say("begin");
    if (!strcmp(mode, "slow")) read_slowly(seconds, rate);
    else { run_for(seconds); until_quiet(); }
    report((now_ns() - begin) / 1e9, cpu_seconds() - cpu, newest - first);
    return 0;
}
