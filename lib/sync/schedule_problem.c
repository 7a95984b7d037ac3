/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "sync/schedule.h"

#define BIT(problem) (1u << HARMONY_PROBLEM_##problem)
/* Of the whole, and not of one integration. */
#define COMMON (BIT(STORE) | BIT(MEMORY))
/* What a package that did its work disproves. */
#define HEALTHY (BIT(LOGIN) | BIT(CONFIGURATION) | BIT(PACKAGE) | BIT(ALLOWANCE))

#define WORD(name, value, word, text) word,
#define TEXT(name, value, word, text) text,

const char *harmony_problem_word(int problem)
{
	static const char *const words[] = {HARMONY_PROBLEM_MAP(WORD)};
	return problem >= 0 && problem < HARMONY_PROBLEMS ? words[problem] : "unknown";
}

const char *harmony_problem_text(int problem)
{
	static const char *const texts[] = {HARMONY_PROBLEM_MAP(TEXT)};
	return problem >= 0 && problem < HARMONY_PROBLEMS ? texts[problem] : "unknown";
}

/* ---- what a job found ---- */

void harmony__problem_found(harmony__result *result, int problem, harmony_status status,
			    const char *code, const char *message)
{
	result->judged |= 1u << problem;
	result->holds |= 1u << problem;
	result->found[problem].status = status;
	(void)harmony__copy_text(result->found[problem].code, sizeof(result->found[0].code), code,
				 strlen(code));
	(void)harmony__copy_text(result->found[problem].message, sizeof(result->found[0].message),
				 message, strlen(message));
}

/* What ended a run early, or a look at the login: which problem that is; -1: none. */
static int problem_of(const harmony__result *result, harmony_status status, const char *code)
{
	switch (status) {
	case HARMONY_OK:
	case HARMONY_CANCELLED:
	case HARMONY_BUSY:
		return -1;
	case HARMONY_AUTH:
		return HARMONY_PROBLEM_LOGIN;
	case HARMONY_CONFIG:
	case HARMONY_UNSUPPORTED:
		return HARMONY_PROBLEM_CONFIGURATION;
	case HARMONY_RATE:
		return HARMONY_PROBLEM_ALLOWANCE;
	case HARMONY_NOMEM:
		return HARMONY_PROBLEM_MEMORY;
	default:
		return result->fetched && strcmp(code, harmony_status_word(HARMONY_IO)) == 0
			   ? HARMONY_PROBLEM_SNAPSHOT
			   : HARMONY_PROBLEM_PACKAGE;
	}
}

static void judge_end(harmony__result *result, harmony_status status, const char *code,
		      const char *message)
{
	int problem = problem_of(result, status, code);

	if (problem == HARMONY_PROBLEM_PACKAGE && result->hurried)
		problem = -1; /* an answer that nobody waited for */
	if (problem < 0)
		return;
	harmony__problem_found(result, problem, status, code, message);
	if (problem == HARMONY_PROBLEM_PACKAGE)
		result->answered = -1;
	else if (problem != HARMONY_PROBLEM_MEMORY && problem != HARMONY_PROBLEM_CONFIGURATION)
		result->answered = 1;
	if (problem == HARMONY_PROBLEM_SNAPSHOT) /* all was fetched by then */
		result->judged |= HEALTHY;
}

static void judge_run(harmony__result *result, const harmony__item *item)
{
	const harmony_run *run = &result->run;
	bool import = run->direction == HARMONY_DIRECTION_IMPORT;
	bool early = run->code[0] != '\0' && !result->yielded;
	char message[160];

	result->judged |= BIT(STORE);
	if (early)
		judge_end(result, run->status, run->code, run->message);
	if (import ? run->status == HARMONY_OK : run->records.booked > 0) {
		result->judged |= HEALTHY | (import ? BIT(SNAPSHOT) : 0);
		result->answered = early ? result->answered : 1;
	}
	if (!import && run->files > 0 && strstr(run->file, item->folder.unreadable) != NULL)
		result->judged |= BIT(FILE); /* one of that name could be read */
	(void)snprintf(message, sizeof(message), "%" PRIu64 " of %" PRIu64 " records are rejected",
		       run->records.rejected, run->records.total);
	if (run->records.rejected > 0)
		harmony__problem_found(result, HARMONY_PROBLEM_RECORDS, HARMONY_REJECTED,
				       "rejected", message);
	(void)snprintf(message, sizeof(message), "%" PRIu64 " of %" PRIu64 " records are in doubt",
		       run->records.in_doubt, run->records.total);
	if (run->records.in_doubt > 0)
		harmony__problem_found(result, HARMONY_PROBLEM_DOUBT, HARMONY_INDOUBT, "in_doubt",
				       message);
}

/* A call that made no run. */
static void judge_call(harmony__result *result)
{
	const harmony__part *part = &result->part;
	const harmony_error *why = &result->why;
	int problem = HARMONY_PROBLEM_STORE;

	if (result->status == HARMONY_BUSY || result->status == HARMONY_CANCELLED)
		return;
	if (result->status == HARMONY_NOMEM)
		problem = HARMONY_PROBLEM_MEMORY;
	else if (result->slot == HARMONY__DUE_SCAN || part->folder)
		problem = HARMONY_PROBLEM_FOLDER;
	else if (part->unreadable)
		problem = HARMONY_PROBLEM_FILE;
	if (problem == HARMONY_PROBLEM_FILE && result->status == HARMONY_RETRY)
		return; /* it grew while it was read */
	harmony__problem_found(result, problem, result->status, why->code, why->message);
}

void harmony__problem_judge(harmony__result *result, const harmony__item *item)
{
	const harmony__part *part = &result->part;
	bool store = !result->opened || result->status == HARMONY_IO ||
		     result->status == HARMONY_CORRUPT;

	if (result->slot == HARMONY__DUE_KEEP && !store) {
		judge_end(result, result->status, result->why.code, result->why.message);
		if (result->status == HARMONY_OK && result->requests > 0)
			result->judged |= HEALTHY;
	} else if (result->status != HARMONY_OK) {
		judge_call(result);
	} else if (result->ran) {
		judge_run(result, item);
	}
	if (result->slot == HARMONY__DUE_SCAN && result->status == HARMONY_OK)
		result->judged |= BIT(FOLDER) | (result->watched.empty ? BIT(ARCHIVE) : 0);
	if (part->moved)
		result->judged |= BIT(ARCHIVE);
	if (part->unmoved.status != HARMONY_OK)
		harmony__problem_found(result, HARMONY_PROBLEM_ARCHIVE, part->unmoved.status,
				       part->unmoved.code, part->unmoved.message);
	if (result->stats && result->records[HARMONY_STATE_REJECTED] == 0)
		result->judged |= BIT(RECORDS);
	if (result->stats && result->records[HARMONY_STATE_IN_DOUBT] == 0)
		result->judged |= BIT(DOUBT);
	if (result->slot != HARMONY__DUE_SCAN && result->status == HARMONY_OK)
		result->judged |= BIT(MEMORY);
	result->judged |= result->holds;
}

/* ---- what begins and ends ---- */

static void weigh(harmony__news *news, unsigned *problems, int64_t *since, unsigned judged,
		  unsigned holds, int64_t now)
{
	unsigned begun = holds & (~*problems | BIT(RECORDS)), ended = judged & ~holds & *problems;

	for (int i = 0; i < HARMONY_PROBLEMS; i++) {
		if ((begun >> i & 1) != 0 && (*problems >> i & 1) == 0)
			since[i] = now;
		if (((begun | ended) >> i & 1) != 0)
			news->since[i] = since[i];
		if ((ended >> i & 1) != 0)
			since[i] = 0;
	}
	*problems = (*problems | begun) & ~ended;
	news->begun |= begun;
	news->ended |= ended;
}

void harmony__problem_weigh(harmony__news *news, harmony_schedule *schedule, harmony__item *item,
			    const harmony__result *result)
{
	int64_t now = harmony__wall(schedule->context);

	*news = (harmony__news){0};
	if ((result->holds & BIT(FILE)) != 0) {
		const char *slash = strrchr(result->part.path, '/');
		const char *name = slash != NULL ? slash + 1 : result->part.path;
		(void)harmony__copy_text(item->folder.unreadable, sizeof(item->folder.unreadable),
					 name, strlen(name));
	}
	weigh(news, &item->state.problems, item->state.problem_since, result->judged & ~COMMON,
	      result->holds & ~COMMON, now);
	weigh(news, &schedule->totals.problems, schedule->totals.problem_since,
	      result->judged & COMMON, result->holds & COMMON, now);
}

/* ---- events ---- */

static void send(harmony__worker *worker, harmony_schedule_event *event)
{
	harmony_schedule *schedule = worker->schedule;

	if (schedule->options.event == NULL)
		return;
	event->struct_size = sizeof(*event);
	event->at = harmony__wall(schedule->context);
	event->connector = worker->plan->integration->connector->name;
	const char **const texts[] = {&event->integration, &event->code, &event->message,
				      &event->path, &event->lines};
	for (size_t i = 0; i < HARMONY__COUNT(texts); i++)
		if (*texts[i] == NULL)
			*texts[i] = "";
	harmony__monitor_enter(schedule->telling);
	schedule->options.event(event, schedule->options.user);
	harmony__monitor_leave(schedule->telling);
}

void harmony__tell_begun(harmony__worker *worker, int direction)
{
	harmony_schedule_event event = {.type = HARMONY_SCHEDULE_RUN_BEGUN,
					.integration = worker->plan->integration->name,
					.direction = direction,
					.problem = -1,
					.late = worker->late};
	send(worker, &event);
}

static void tell_problem(harmony__worker *worker, const harmony__news *news, int problem, int type)
{
	const harmony__result *result = &worker->result;
	bool common = (COMMON >> problem & 1) != 0, begun = type == HARMONY_SCHEDULE_PROBLEM_BEGUN;
	bool lines = problem == HARMONY_PROBLEM_RECORDS || problem == HARMONY_PROBLEM_DOUBT;
	harmony_schedule_event event = {
	    .type = type,
	    .integration = common ? "" : worker->plan->integration->name,
	    .run = result->ran ? &result->run : NULL,
	    .problem = problem,
	    .since = news->since[problem]};

	if (begun) {
		event.status = result->found[problem].status;
		event.code = result->found[problem].code;
		event.message = result->found[problem].message;
		event.lines = lines ? result->lines.data : NULL;
		event.path = problem == HARMONY_PROBLEM_FILE      ? result->part.path
			     : problem == HARMONY_PROBLEM_ARCHIVE ? result->part.stuck
								  : NULL;
	}
	send(worker, &event);
}

void harmony__tell(harmony__worker *worker, const harmony__news *news)
{
	const harmony__result *result = &worker->result;
	harmony_schedule_event event = {.integration = worker->plan->integration->name,
					.problem = -1};

	if (result->ran) {
		event.type = HARMONY_SCHEDULE_RUN_ENDED;
		event.direction = result->run.direction;
		event.run = &result->run;
		event.status = result->run.status;
		event.code = result->run.code;
		event.message = result->run.message;
		send(worker, &event);
	}
	if (result->aside.len > 0) {
		event = (harmony_schedule_event){.type = HARMONY_SCHEDULE_FILE_ASIDE,
						 .integration = worker->plan->integration->name,
						 .problem = -1,
						 .status = result->status,
						 .code = result->why.code,
						 .message = result->why.message,
						 .path = result->aside.data};
		send(worker, &event);
	}
	for (int i = 0; i < HARMONY_PROBLEMS; i++) {
		if ((news->begun >> i & 1) != 0)
			tell_problem(worker, news, i, HARMONY_SCHEDULE_PROBLEM_BEGUN);
		if ((news->ended >> i & 1) != 0)
			tell_problem(worker, news, i, HARMONY_SCHEDULE_PROBLEM_ENDED);
	}
}

/* ---- between two starts ---- */

#define MEMO "schedule.problems"

void harmony__problem_save(harmony__worker *worker, unsigned problems, const int64_t *since)
{
	harmony__integration *integration = worker->plan->integration;
	harmony_store *store = worker->store;
	harmony_error error = HARMONY_ERROR_INIT;
	harmony__buf text;

	if (store == NULL || integration->id == 0)
		return;
	harmony__buf_init(&text, worker->schedule->context, 4096);
	(void)harmony__buf_add(&text, "", 0);
	for (int i = 0; i < HARMONY_PROBLEMS; i++)
		if ((problems >> i & 1) != 0)
			(void)harmony__buf_printf(&text, "%s %" PRId64 "\n",
						  harmony_problem_word(i), since[i]);
	if (harmony__buf_check(&text, "the problems", &error) != HARMONY_OK ||
	    store->memo_save(store->self, integration->id, MEMO, text.len > 0 ? text.data : "",
			     text.len, &error) != HARMONY_OK)
		harmony__log(worker->schedule->context, HARMONY_LOG_WARNING,
			     "integration %s: what is wrong may be told again after a start: %s",
			     integration->name, error.message);
	harmony__buf_free(&text);
}

static void load_line(harmony__result *result, harmony__cursor *line)
{
	const char *word;
	size_t len;
	uint64_t since = 0;

	harmony__cursor_until(line, ' ', &word, &len);
	(void)harmony__cursor_digits(line, 18, &since);
	for (int i = 0; i < HARMONY_PROBLEMS; i++) {
		const char *known = harmony_problem_word(i);
		if (strlen(known) != len || memcmp(known, word, len) != 0 || (COMMON >> i & 1) != 0)
			continue;
		result->problems |= 1u << i;
		result->since[i] = (int64_t)since;
	}
}

void harmony__problem_load(harmony__worker *worker)
{
	harmony_store *store = worker->store;
	char text[512];
	size_t len = sizeof(text);

	if (store->memo_load(text, &len, store->self, worker->plan->integration->id, MEMO, NULL) !=
	    HARMONY_OK)
		return;
	harmony__cursor cursor = harmony__cursor_over(text, len);
	while (!harmony__cursor_done(&cursor)) {
		const char *line;
		size_t line_len;
		harmony__cursor_until(&cursor, '\n', &line, &line_len);
		harmony__cursor one = harmony__cursor_over(line, line_len);
		load_line(&worker->result, &one);
	}
}
