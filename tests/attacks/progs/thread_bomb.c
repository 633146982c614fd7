/* SPDX-License-Identifier: Apache-2.0 */
/* thread_bomb [SECONDS]: makes threads until it is refused and says how many lived at once beside the first. With SECONDS:
 * threads come and go for that long before. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST 2048

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

static void *end_at_once(void *arg)
{
	return arg;
}

static void storm(int seconds)
{
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end) {
		pthread_t t[8];
		int n = 0;

		while (n < 8 && pthread_create(&t[n], NULL, end_at_once, NULL) == 0)
			n++;
		while (n > 0)
			pthread_join(t[--n], NULL);
	}
	usleep(200000);
}

int main(int argc, char **argv)
{
	static pthread_t t[MOST];
	pthread_attr_t attr;
	int n = 0, why = 0;

	if (argc > 1)
		storm(atoi(argv[1]));
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_mutex_lock(&gate);
	while (n < MOST && (why = pthread_create(&t[n], &attr, wait_at_gate, NULL)) == 0)
		n++;
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	printf("thread_bomb: threads=%d %s\n", n, why ? strerror(why) : "no limit");
	return 0;
}
