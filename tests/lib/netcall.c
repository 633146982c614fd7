/* SPDX-License-Identifier: Apache-2.0 */
/* What a workload does to reach another host, or to be reached: each way as a command; prints "ok" or the errno's name. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static socklen_t parse(const char *text, const char *port, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (strchr(text, ':')) {
		ret->six.sin6_family = AF_INET6;
		ret->six.sin6_port = htons((uint16_t)atoi(port));
		inet_pton(AF_INET6, text, &ret->six.sin6_addr);
		return sizeof(ret->six);
	}
	ret->four.sin_family = AF_INET;
	ret->four.sin_port = htons((uint16_t)atoi(port));
	inet_pton(AF_INET, text, &ret->four.sin_addr);
	return sizeof(ret->four);
}

static int say(int r)
{
	puts(r >= 0 ? "ok" : strerrorname_np(errno));
	return r < 0;
}

static int new_socket(const union address *a, int kind)
{
	const struct timeval limit = {2, 0};
	int fd = socket(a->any.sa_family, kind, 0);

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
}

static int do_connect(char **v, int kind)
{
	union address a;
	socklen_t len = parse(v[0], v[1], &a);

	return connect(new_socket(&a, kind), &a.any, len);
}

static int do_tcp(char **v)
{
	return say(do_connect(v, SOCK_STREAM));
}

static int do_udp(char **v)
{
	return say(do_connect(v, SOCK_DGRAM));
}

static int do_bind(char **v)
{
	union address a;
	socklen_t len = parse(v[1], v[2], &a);

	return say(bind(new_socket(&a, strcmp(v[0], "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM), &a.any, len));
}

static int do_sendto(char **v)
{
	union address a;
	socklen_t len = parse(v[0], v[1], &a);

	return say((int)sendto(new_socket(&a, SOCK_DGRAM), "sendto", 6, 0, &a.any, len));
}

/* An IPv4 address at an IPv6 socket is taken, too. */
static int do_sendto46(char **v)
{
	union address a;
	socklen_t len = parse(v[0], v[1], &a);

	return say((int)sendto(socket(AF_INET6, SOCK_DGRAM, 0), "sendto46", 8, 0, &a.any, len));
}

/* No family: an IPv4 socket takes the address all the same. */
static int do_unspec(char **v)
{
	union address a;
	socklen_t len = parse(v[0], v[1], &a);
	int fd = new_socket(&a, SOCK_DGRAM);

	a.any.sa_family = AF_UNSPEC;
	return say((int)sendto(fd, "unspec", 6, 0, &a.any, len));
}

static int do_fastopen(char **v)
{
	union address a;
	socklen_t len = parse(v[0], v[1], &a);

	return say((int)sendto(new_socket(&a, SOCK_STREAM), "fast", 4, MSG_FASTOPEN | MSG_NOSIGNAL, &a.any, len));
}

static int do_sendmsg(char **v)
{
	union address a;
	struct iovec data = {(char *)"sendmsg", 7};
	struct msghdr m = {.msg_name = &a, .msg_namelen = parse(v[0], v[1], &a), .msg_iov = &data, .msg_iovlen = 1};

	return say((int)sendmsg(new_socket(&a, SOCK_DGRAM), &m, 0));
}

/* The first address is allowed, the second in the arguments may not be: how many were sent. */
static int do_sendmmsg(char **v)
{
	union address a[2];
	struct iovec data = {(char *)"sendmmsg", 8};
	struct mmsghdr m[2];
	int n;

	memset(m, 0, sizeof(m));
	for (int i = 0; i < 2; i++)
		m[i].msg_hdr = (struct msghdr){.msg_name = &a[i],
					       .msg_namelen = parse(v[2 * (size_t)i], v[2 * (size_t)i + 1], &a[i]),
					       .msg_iov = &data,
					       .msg_iovlen = 1};
	n = sendmmsg(new_socket(a, SOCK_DGRAM), m, 2, 0);
	printf("%d\n", n);
	return n != 2;
}

/* A connection to the first address, given up, and the same socket to the second. */
static int do_again(char **v)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	union address a, b;
	socklen_t len = parse(v[0], v[1], &a), len_b = parse(v[2], v[3], &b);
	int fd = new_socket(&a, SOCK_STREAM);

	if (connect(fd, &a.any, len) < 0 || connect(fd, &none, sizeof(none)) < 0)
		return say(-1);
	return say(connect(fd, &b.any, len_b));
}

/* A socket that was accepted at the first address, given up, and to the second. */
static int do_accepted(char **v)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	union address a, here;
	socklen_t len = parse(v[1], v[2], &a), len_here = parse(v[0], "0", &here);
	int listening = new_socket(&here, SOCK_STREAM), client = new_socket(&here, SOCK_STREAM), fd;

	if (bind(listening, &here.any, len_here) < 0 || listen(listening, 1) < 0 ||
	    getsockname(listening, &here.any, &len_here) < 0 || connect(client, &here.any, len_here) < 0 ||
	    (fd = accept(listening, NULL, NULL)) < 0 || connect(fd, &none, sizeof(none)) < 0)
		return say(-1);
	return say(connect(fd, &a.any, len));
}

/* A loose source route over the first address to the second: the packet goes to the first. By what: "option" or "message". */
static int do_source_route(char **v)
{
	union address a;
	struct in_addr over;
	unsigned char route[8] = {131, 7, 4}, control[CMSG_SPACE(sizeof(route))] = {0};
	struct iovec data = {(char *)"routed", 6};
	struct msghdr m = {.msg_name = &a, .msg_namelen = parse(v[2], v[3], &a), .msg_iov = &data, .msg_iovlen = 1};
	int fd = new_socket(&a, SOCK_DGRAM);

	inet_pton(AF_INET, v[1], &over);
	memcpy(route + 3, &over, 4);
	if (strcmp(v[0], "option") == 0 && setsockopt(fd, IPPROTO_IP, IP_OPTIONS, route, 7) < 0)
		return say(-1);
	if (strcmp(v[0], "message") == 0) {
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){CMSG_LEN(7), IPPROTO_IP, IP_RETOPTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), route, 7);
	}
	return say((int)sendmsg(fd, &m, 0));
}

/* Likewise by IPv6's routing header, type 4 (segments). */
static int do_route6(char **v)
{
	union address a;
	socklen_t len = parse(v[1], v[2], &a);
	unsigned char header[40] = {0, 4, 4, 1, 1};
	int fd = new_socket(&a, SOCK_DGRAM);

	memcpy(header + 8, &a.six.sin6_addr, 16);
	inet_pton(AF_INET6, v[0], header + 24);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_RTHDR, header, sizeof(header)) < 0)
		return say(-1);
	return say((int)sendto(fd, "routed", 6, 0, &a.any, len));
}

static int do_socket(char **v)
{
	return say(socket(atoi(v[0]), atoi(v[1]), atoi(v[2])));
}

static int do_call(char **v)
{
	return say((int)syscall(atol(v[0]), 0, 0, 0, 0, 0, 0));
}

/* Listens on the port that the kernel chooses, until it is asked for a connection or two seconds have passed. what: "unbound", or an
 * address to bind to with port 0. */
static int do_listen(char **v)
{
	const struct timeval limit = {2, 0};
	union address a;
	socklen_t len = parse(strcmp(v[0], "unbound") == 0 ? "0.0.0.0" : v[0], "0", &a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if ((strcmp(v[0], "unbound") != 0 && bind(fd, &a.any, len) < 0) || listen(fd, 1) < 0 ||
	    getsockname(fd, &a.any, &len) < 0)
		return say(-1);
	printf("port %u\n", ntohs(a.four.sin_port));
	fflush(stdout);
	return say(accept(fd, NULL, NULL));
}

/* Sends a datagram to PORT of this host, at which another socket is, and waits for one from there. how: "unbound"; "connected": the
 * socket has that peer alone; or an address to bind to with port 0. */
static int do_hear(char **v)
{
	const int connected = strcmp(v[0], "connected") == 0;
	const struct timeval limit = {1, 0};
	union address here, other;
	socklen_t len = parse(connected || strcmp(v[0], "unbound") == 0 ? "127.0.0.1" : v[0], "0", &here);
	int fd = new_socket(&here, SOCK_DGRAM), peer = new_socket(&here, SOCK_DGRAM);
	char c;

	parse("127.0.0.1", v[1], &other);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(peer, &other.any, len) < 0 || (connected && connect(fd, &other.any, len) < 0) ||
	    (!connected && strcmp(v[0], "unbound") != 0 && bind(fd, &here.any, len) < 0) ||
	    sendto(fd, "x", 1, 0, connected ? NULL : &other.any, connected ? 0 : len) < 0 ||
	    getsockname(fd, &here.any, &len) < 0)
		return say(-1);
	other.four.sin_port = here.four.sin_port;
	if (sendto(peer, "y", 1, 0, &other.any, len) < 0)
		return say(-1);
	return say((int)recv(fd, &c, 1, 0));
}

#ifdef __x86_64__
static int int80(int nr, long a, long b, long c)
{
	int r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	if (r < 0)
		errno = -r;
	return r < 0 ? -1 : r;
}

/* The 32-bit calls: socket and connect by themselves, or multiplexed (socketcall). */
static int do_x86(char **v)
{
	uint32_t *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	union address a;
	socklen_t len = parse(v[1], v[2], &a);
	int fd = int80(359, a.any.sa_family, SOCK_STREAM, 0);

	if (fd < 0 || low == MAP_FAILED)
		return say(-1);
	memcpy(low + 16, &a, len);
	if (strcmp(v[0], "connect") == 0)
		return say(int80(362, fd, (long)(uintptr_t)(low + 16), (long)len));
	low[0] = (uint32_t)fd;
	low[1] = (uint32_t)(uintptr_t)(low + 16);
	low[2] = len;
	return say(int80(102, 3, (long)(uintptr_t)low, 0));
}
#endif

static union address raced;
static struct in_addr good, bad;
static volatile int racing = 1;

static void *rewrite(void *arg)
{
	/* Each stays for a while: an emulated processor lets others go on only between such turns. */
	while (racing) {
		*(volatile in_addr_t *)&raced.four.sin_addr.s_addr = bad.s_addr;
		for (volatile int i = 0; i < 20; i++)
			;
		*(volatile in_addr_t *)&raced.four.sin_addr.s_addr = good.s_addr;
		for (volatile int i = 0; i < 20; i++)
			;
	}
	return arg;
}

/* race GOOD BAD PORT N: sends while another thread rewrites the address; says how many of each verdict there were. */
static int do_race(char **v)
{
	int n = atoi(v[3]), sent = 0, refused = 0, fd;
	pthread_t thread;

	parse(v[0], v[2], &raced);
	inet_pton(AF_INET, v[0], &good);
	inet_pton(AF_INET, v[1], &bad);
	fd = new_socket(&raced, SOCK_DGRAM);
	pthread_create(&thread, NULL, rewrite, NULL);
	for (int i = 0; i < n; i++)
		if (sendto(fd, "race", 4, 0, &raced.any, sizeof(raced.four)) == 4)
			sent++;
		else if (errno == EPERM)
			refused++;
	racing = 0;
	pthread_join(thread, NULL);
	printf("sent %d refused %d\n", sent, refused);
	return 0;
}

/* cost ADDRESS PORT N: nanoseconds of a connect(2) of UDP, which is route and rules alone, and of a sendto(2). */
static int do_cost(char **v)
{
	struct timespec t[3];
	union address a;
	socklen_t len = parse(v[0], v[1], &a);
	int fd = new_socket(&a, SOCK_DGRAM), n = atoi(v[2]);

	clock_gettime(CLOCK_MONOTONIC, &t[0]);
	for (int i = 0; i < n; i++)
		if (connect(fd, &a.any, len) < 0)
			return say(-1);
	clock_gettime(CLOCK_MONOTONIC, &t[1]);
	fd = new_socket(&a, SOCK_DGRAM);
	for (int i = 0; i < n; i++)
		if (sendto(fd, "x", 1, 0, &a.any, len) < 0)
			return say(-1);
	clock_gettime(CLOCK_MONOTONIC, &t[2]);
	for (int i = 0; i < 2; i++)
		printf("%lld ", ((t[i + 1].tv_sec - t[i].tv_sec) * 1000000000LL + t[i + 1].tv_nsec - t[i].tv_nsec) / n);
	printf("\n");
	return 0;
}

static const struct {
	const char *name;
	int n;
	int (*run)(char **v);
} commands[] = {
    {"unspec", 2, do_unspec},
    {"tcp", 2, do_tcp},
    {"udp", 2, do_udp},
    {"hear", 2, do_hear},
    {"bind", 3, do_bind},
    {"sendto", 2, do_sendto},
    {"sendto46", 2, do_sendto46},
    {"fastopen", 2, do_fastopen},
    {"sendmsg", 2, do_sendmsg},
    {"sendmmsg", 4, do_sendmmsg},
    {"again", 4, do_again},
    {"accepted", 3, do_accepted},
    {"source_route", 4, do_source_route},
    {"route6", 3, do_route6},
    {"socket", 3, do_socket},
    {"call", 1, do_call},
    {"listen", 1, do_listen},
    {"race", 4, do_race},
    {"cost", 3, do_cost},
#ifdef __x86_64__
    {"x86", 3, do_x86},
#endif
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0 && argc == commands[i].n + 2)
			return commands[i].run(argv + 2);
	puts("usage");
	return 2;
}
