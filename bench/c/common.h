/* What the C helpers of the bench share: time, limits, sockets, stamps.
 *
 * A stamp stands near the beginning of each picture, in a JPEG comment:
 * "BENCH", the frame's number in 10 digits, the time it left in 20 digits
 * (nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share). */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STAMP "BENCH"
#define STAMP_BYTES 35
#define MAX_EVENTS 4096

static inline void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline double cpu_seconds(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec
        + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static inline void raise_open_files(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static inline void *need(void *memory) {
    if (!memory) die("memory");
    return memory;
}

static inline void stamp(char *at, uint32_t number, int64_t ns) {
    char text[STAMP_BYTES + 1];
    snprintf(text, sizeof text, STAMP "%010u%020lld", number, (long long)ns);
    memcpy(at, text, STAMP_BYTES);
}

static inline char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    char *data = need(malloc(*size + 1));
    if (fread(data, 1, *size, file) != *size) die(path);
    data[*size] = 0;
    fclose(file);
    return data;
}

/* A connection under way to 127.0.0.1:port; source 0 leaves the address to the kernel. */
static inline int connect_to(int port, uint32_t source) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0) die("socket");
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
    if (source) {
        setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        if (bind(fd, (void *)&at, sizeof at)) die("bind");
    }
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    if (connect(fd, (void *)&at, sizeof at) && errno != EINPROGRESS) die("connect");
    return fd;
}

static inline void watch(int epoll, int operation, int fd, uint32_t events, uint32_t who) {
    struct epoll_event event = {.events = events, .data.u32 = who};
    if (epoll_ctl(epoll, operation, fd, &event)) die("epoll_ctl");
}

#endif
