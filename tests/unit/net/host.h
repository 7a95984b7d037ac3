/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_TESTS_NET_HOST_H
#define HARMONY_TESTS_NET_HOST_H

/* A host whose secrets, memos and clock are plain memory, shared by the instances of a
   test as processes share a store. */

#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"
#include <harmony/connector.h>

typedef struct cell {
	char name[40];
	char data[33000];
	size_t len;
} cell;

typedef struct fake {
	cell cells[8];
	size_t count;
	int saves;    /* of secrets */
	int save_fails; /* the next secret_save fails */
	int64_t wall, monotonic, slept;
	pthread_mutex_t lock;
} fake;

static inline cell *fake_cell(fake *f, const char *name, bool make)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->cells[i].name, name) == 0)
			return &f->cells[i];
	if (!make || f->count == HARMONY__COUNT(f->cells))
		return NULL;
	harmony__copy_text(f->cells[f->count].name, sizeof(f->cells[0].name), name, strlen(name));
	return &f->cells[f->count++];
}

static inline harmony_status fake_load(void *buffer, size_t *len, const char *name, void *user,
                                       harmony_error *error)
{
	cell *c = fake_cell(user, name, false);

	if (!c)
		return harmony_error_set(error, HARMONY_NOTFOUND, NULL, "none");
	if (c->len > *len)
		return HARMONY_LIMIT;
	memcpy(buffer, c->data, c->len);
	*len = c->len;
	return HARMONY_OK;
}

static inline harmony_status fake_save(const char *name, const void *data, size_t len, void *user,
                                       harmony_error *error)
{
	fake *f = user;
	cell *c;

	if (strcmp(name, "oauth2") == 0 && f->save_fails && --f->save_fails == 0)
		return harmony_error_set(error, HARMONY_IO, NULL, "disk full");
	c = fake_cell(f, name, true);
	if (!c)
		abort();
	memcpy(c->data, data, len);
	c->len = len;
	f->saves += strcmp(name, "oauth2") == 0;
	return HARMONY_OK;
}

static inline harmony_status fake_lock(const char *name, int64_t timeout, void *user,
                                       harmony_error *error)
{
	pthread_mutex_lock(&((fake *)user)->lock);
	return HARMONY_OK;
}

static inline void fake_unlock(const char *name, void *user)
{
	pthread_mutex_unlock(&((fake *)user)->lock);
}

static inline harmony_status fake_sleep(int64_t ms, void *user)
{
	fake *f = user;

	f->wall += ms;
	f->monotonic += ms;
	f->slept += ms;
	return HARMONY_OK;
}

static inline int64_t fake_wall(void *user)
{
	return ((fake *)user)->wall;
}

static inline int64_t fake_monotonic(void *user)
{
	return ((fake *)user)->monotonic;
}

/* Makes a fake and a host on it; the clock stands still unless a test moves it. */
static inline void fake_make(fake *f, harmony_host *host)
{
	harmony_clock clock = {sizeof(clock), fake_wall, fake_monotonic, f};
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;

	memset(f, 0, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
	f->wall = INT64_C(1700000000000);
	f->monotonic = 5000;
	options.clock = &clock;
	memset(host, 0, sizeof(*host));
	host->struct_size = sizeof(*host);
	host->user = f;
	host->secret_load = host->memo_load = fake_load;
	host->secret_save = host->memo_save = fake_save;
	host->lock = fake_lock;
	host->unlock = fake_unlock;
	host->sleep = fake_sleep;
	if (harmony_context_new(&host->context, &options, NULL) != HARMONY_OK)
		abort();
}

static inline void fake_pass(fake *f, int64_t ms)
{
	f->wall += ms;
	f->monotonic += ms;
}

#endif
