/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/twinfield/twinfield.h"

#define SOAP  "http://schemas.xmlsoap.org/soap/envelope/"
#define NAMES "http://www.twinfield.com/"

#define MAX_BODY   (2 * TWINFIELD_MAX_INNER) /* escaped, in its envelope */
#define MAX_URL    16384u                    /* with a token in it */
#define ORGANISATION "organisation"          /* the lock: one request at a time */
#define WAIT_TURN  (5 * 60 * 1000)
#define PATIENCE   (15 * 60 * 1000)

static const struct {
	const char *path, *name, *action;
} operations[] = {
    {"/webservices/processxml.asmx", "ProcessXmlString", "\"" NAMES "ProcessXmlString\""},
    {"/webservices/finder.asmx", "Search", "\"" NAMES "Search\""}};

/* A call on its way, with what sign makes of it. */
typedef struct sending {
	twinfield *t;
	const twinfield_call *call;
	harmony__buf url, body;
	harmony__http_header action;
} sending;

/* ---- the envelope -------------------------------------------------------------------- */

static size_t operation_of(const twinfield_call *call)
{
	return call->inner ? 0 : 1;
}

static harmony_status write_envelope(harmony__buf *body, const twinfield *t,
				     const twinfield_call *call, const char *token)
{
	harmony__xml_writer w;

	harmony__xml_begin(&w, body);
	harmony__xml_declare(&w);
	harmony__xml_open(&w, "soap:Envelope");
	harmony__xml_put_attribute(&w, "xmlns:soap", SOAP);
	harmony__xml_put_attribute(&w, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
	harmony__xml_open(&w, "soap:Header");
	harmony__xml_open(&w, "Header");
	harmony__xml_put_attribute(&w, "xmlns", NAMES);
	harmony__xml_put(&w, "AccessToken", token);
	harmony__xml_put(&w, "CompanyCode", *t->office ? t->office : NULL);
	if (t->nil_company) {
		harmony__xml_open(&w, "CompanyId");
		harmony__xml_put_attribute(&w, "xsi:nil", "true");
		harmony__xml_close(&w);
	}
	harmony__xml_close(&w);
	harmony__xml_close(&w);
	harmony__xml_open(&w, "soap:Body");
	harmony__xml_open(&w, operations[operation_of(call)].name);
	harmony__xml_put_attribute(&w, "xmlns", NAMES);
	if (call->inner) {
		harmony__xml_open(&w, "xmlRequest");
		harmony__xml_add_text(&w, call->inner->data, call->inner->len);
		harmony__xml_close(&w);
	} else {
		call->fill(&w, call->question);
	}
	harmony__xml_close(&w);
	harmony__xml_close(&w);
	harmony__xml_close(&w);
	return harmony__xml_end(&w);
}

/* ---- the cluster --------------------------------------------------------------------- */

/* Whether an address, as the login tells it, is one to send tokens to: under twinfield.com,
   or on loopback where the login is. */
static bool may_trust(const twinfield *t, const char *cluster)
{
	static const char domain[] = ".twinfield.com";
	const char *host = strstr(cluster, "://");
	size_t len = host ? strspn(host + 3, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789.-")
			  : 0;
	harmony__buf plain;
	bool loopback;

	if (!host || harmony__http_check_url(cluster, NULL) != HARMONY_OK)
		return false;
	/* What is allowed over plain http is loopback, and nothing else is. */
	harmony__buf_init(&plain, t->frame.context, 1024);
	harmony__buf_printf(&plain, "http%s", strstr(t->frame.url, "://"));
	loopback = plain.status == HARMONY_OK &&
		   harmony__http_check_url(plain.data, NULL) == HARMONY_OK;
	harmony__buf_clear(&plain);
	harmony__buf_printf(&plain, "http%s", host);
	loopback = loopback && plain.status == HARMONY_OK &&
		   harmony__http_check_url(plain.data, NULL) == HARMONY_OK;
	harmony__buf_free(&plain);
	host += 3;
	if (loopback)
		return host[len + strspn(host + len, ":0123456789[]")] == '\0';
	if (len < sizeof(domain) || host[len] != '\0' || strncmp(cluster, "https", 5) != 0)
		return false;
	return strncmp(host + len - (sizeof(domain) - 1), domain, sizeof(domain) - 1) == 0;
}

static harmony_status take_cluster(twinfield *t, const harmony__http_response *response,
				   harmony_error *error)
{
	harmony__arena arena;
	const harmony__json *root;
	const char *cluster = "";
	size_t len;
	harmony_status status;

	harmony__arena_init(&arena, t->frame.context, 1024 * 1024);
	status = harmony__json_parse(&root, &arena, response->body.data, response->body.len, NULL);
	if (status == HARMONY_OK)
		cluster = harmony__json_text(harmony__json_get(root, "twf.clusterUrl"), "");
	len = strlen(cluster);
	while (len > 0 && cluster[len - 1] == '/')
		len--;
	if (status == HARMONY_NOMEM) {
		status = harmony__nomem(error);
	} else if (status != HARMONY_OK) {
		status = harmony_error_set(error, HARMONY_RETRY, "network",
					   "Twinfield's answer about the login is damaged; it is "
					   "tried again");
	} else if (len == 0) {
		status = harmony_error_set(error, HARMONY_AUTH, NULL,
					   "Twinfield does not say which cluster this login "
					   "belongs to; log in again with `harmony login`");
	} else {
		harmony__copy_text(t->cluster, sizeof(t->cluster), cluster, len);
		if (len >= sizeof(t->cluster) || !may_trust(t, t->cluster)) {
			t->cluster[0] = '\0';
			status = harmony_error_set(
			    error, HARMONY_CONFIG, NULL,
			    "the login says that its office is at '%s', which is not under "
			    "twinfield.com; nothing was sent there, see `url`",
			    cluster);
		}
	}
	harmony__arena_free(&arena);
	return status;
}

static harmony_status ask_cluster(twinfield *t, const char *token, harmony__http_response *response,
				  harmony_error *error)
{
	const harmony__frame *f = &t->frame;
	harmony__buf url, basic;
	harmony__http_request request = {.method = "GET"};
	harmony_status status;

	harmony__buf_init(&url, f->context, MAX_URL);
	harmony__buf_init(&basic, f->context, 4096);
	harmony__buf_printf(
	    &url, "%s/auth/authentication/connect/accesstokenvalidation?token=", f->url);
	harmony__http_escape(&url, token, strlen(token));
	harmony__buf_printf(&basic, "%s:%s", harmony__frame_setting(f, "client_id"),
			    harmony__frame_setting(f, "client_secret"));
	status = harmony__buf_check(&url, "the address of a request", error);
	if (status == HARMONY_OK)
		status = harmony__buf_check(&basic, "the client's credentials", error);
	if (status == HARMONY_OK) {
		request.url = url.data;
		request.basic = basic.data;
		status = harmony__http_perform(f->http, &request, response, error);
	}
	if (url.data)
		harmony__os_wipe(url.data, url.capacity);
	if (basic.data)
		harmony__os_wipe(basic.data, basic.capacity);
	harmony__buf_free(&basic);
	harmony__buf_free(&url);
	return status;
}

static harmony_status renew(twinfield *t, const char *token, harmony_error *error)
{
	harmony_status status = harmony__oauth2_refused(t->frame.oauth, token, error);

	return status == HARMONY_OK ? HARMONY_STATE : status;
}

/* One look at a token; a refused one is renewed, and HARMONY_STATE asks to look again. */
static harmony_status validate(twinfield *t, const char *token, harmony_error *error)
{
	static const char *const windows[] = {"shut_out"};
	harmony__http_response response;
	harmony_status status =
	    harmony__limits_take(t->frame.limits, windows, 1, PATIENCE, error);

	if (status != HARMONY_OK)
		return status;
	harmony__http_response_init(&response, t->frame.context);
	status = ask_cluster(t, token, &response, error);
	if (status == HARMONY_OK && response.class == HARMONY__HTTP_DONE)
		status = take_cluster(t, &response, error);
	else if (status == HARMONY_OK && (response.status == 400 || response.status == 401))
		status = renew(t, token, error);
	else if (status == HARMONY_OK && response.class == HARMONY__HTTP_CANCELLED)
		status = harmony_error_set(error, HARMONY_CANCELLED, NULL,
					   "stopped before Twinfield was asked for its cluster");
	else if (status == HARMONY_OK && response.class == HARMONY__HTTP_REFUSED &&
		 response.status != 408) /* which says that it was slow */
		status = harmony_error_set(error, HARMONY_CONFIG, NULL,
					   "Twinfield's login does not take this client (HTTP %d); "
					   "see client_id, client_secret and url",
					   response.status);
	else if (status == HARMONY_OK)
		status = harmony_error_set(
		    error, HARMONY_RETRY, "network",
		    "Twinfield's login did not say where its office is (HTTP %d%s%s); it is tried "
		    "again",
		    response.status, response.reason[0] ? ", " : "", response.reason);
	harmony__http_response_free(&response);
	return status;
}

/* The token is the one whose cluster is known: another one, renewed meanwhile, is none to use. */
static harmony_status connect_with(twinfield *t, const char **out, harmony_error *error)
{
	const char *token = "";
	harmony_status status = HARMONY_STATE;

	for (int tries = 0; status == HARMONY_STATE && tries < 2; tries++) {
		uint64_t hash;
		status = harmony__oauth2_token(&token, t->frame.oauth, error);
		if (status != HARMONY_OK)
			return status;
		*out = token;
		hash = harmony__hash64(token, strlen(token), 1);
		if (*t->cluster && t->validated == hash)
			return HARMONY_OK;
		status = validate(t, token, error);
		if (status == HARMONY_OK)
			t->validated = hash;
	}
	return status == HARMONY_STATE
		   ? harmony_error_set(error, HARMONY_AUTH, NULL,
				       "Twinfield refuses the login, renewed or not; log in again "
				       "with `harmony login`")
		   : status;
}

harmony_status twinfield_connect(twinfield *t, harmony_error *error)
{
	const char *token;

	return connect_with(t, &token, error);
}

/* ---- sending ------------------------------------------------------------------------- */

static harmony_status address(harmony__buf *url, const twinfield *t, const twinfield_call *call,
			      harmony_error *error)
{
	harmony__buf_printf(url, "%s%s", t->cluster, operations[operation_of(call)].path);
	return harmony__buf_check(url, "the address of a request to Twinfield", error);
}

harmony_status twinfield_sign(harmony__frame *f, harmony__call *call, const char *token,
			      harmony_error *error)
{
	static const char *const more[] = {"credits", "credits"}; /* a write costs three */
	sending *s = call->user;
	twinfield *t = twinfield_of(f);
	harmony_status status = connect_with(t, &token, error);

	if (status == HARMONY_OK && s->call->credits > 1)
		status = harmony__limits_take(f->limits, more, s->call->credits - 1, PATIENCE,
					      error);
	if (status != HARMONY_OK)
		return status;
	harmony__buf_clear(&s->url);
	harmony__buf_clear(&s->body);
	status = address(&s->url, t, s->call, error);
	if (status != HARMONY_OK)
		return status;
	status = write_envelope(&s->body, t, s->call, token);
	if (status != HARMONY_OK)
		return harmony_error_set(error, status, NULL,
					 "a request to Twinfield cannot be written");
	call->http.url = s->url.data;
	call->http.body = s->body.data;
	call->http.body_len = s->body.len;
	return HARMONY_OK;
}

static void sending_init(sending *s, harmony__call *frame_call, twinfield *t,
			 const twinfield_call *call)
{
	*s = (sending){.t = t, .call = call};
	harmony__buf_init(&s->url, t->frame.context, MAX_URL);
	harmony__buf_init(&s->body, t->frame.context, MAX_BODY);
	s->action =
	    (harmony__http_header){"SOAPAction", operations[operation_of(call)].action};
	*frame_call = (harmony__call){.http = {.method = "POST",
					       .headers = &s->action,
					       .header_count = 1,
					       .content_type = "text/xml; charset=utf-8"},
				      .what = call->what,
				      .tries = call->tries,
				      .user = s};
}

/* The body has the token in it. */
static void sending_free(sending *s)
{
	if (s->body.data)
		harmony__os_wipe(s->body.data, s->body.capacity);
	harmony__buf_free(&s->body);
	harmony__buf_free(&s->url);
}

/* Twinfield wants one request at a time of an organisation: also from other processes. */
static harmony_status take_turn(twinfield *t, harmony_error *error)
{
	const harmony_host *host = t->frame.host;
	harmony_error busy = HARMONY_ERROR_INIT;
	harmony_status status;

	if (!host->lock)
		return HARMONY_OK;
	status = host->lock(ORGANISATION, WAIT_TURN, host->user, &busy);
	if (status == HARMONY_BUSY)
		return harmony_error_set(error, HARMONY_RETRY, "network",
					 "another process is at Twinfield all the time; it is "
					 "tried again");
	return status == HARMONY_OK
		   ? status
		   : harmony_error_set(error, status, busy.code, "%s", busy.message);
}

static void end_turn(twinfield *t)
{
	const harmony_host *host = t->frame.host;

	if (host->lock && host->unlock)
		host->unlock(ORGANISATION, host->user);
}

/* ---- answers ------------------------------------------------------------------------- */

/* Where the reading of an envelope is. */
typedef struct opening {
	const char *operation;
	harmony__xml_reader *inner; /* takes the text of the result; NULL: events are handed on */
	harmony__xml_fn event;
	void *user;
	unsigned seen; /* levels of the way to the result that were met, in order */
	bool result;
	harmony_error *error;
} opening;

/* Whether an element at this depth is the next step to the result. */
static bool is_step(const opening *o, const harmony__xml_event *event)
{
	static const char *const names[] = {"Envelope", "Body"};
	static const char *const ends[] = {"Response", "Result"};
	size_t len = strlen(o->operation);

	if (event->depth < 2)
		return harmony__xml_is(event, SOAP, names[event->depth]);
	return event->depth < 4 && strncmp(event->name, o->operation, len) == 0 &&
	       strcmp(event->name + len, ends[event->depth - 2]) == 0 &&
	       event->space_len == sizeof(NAMES) - 1 &&
	       memcmp(event->space, NAMES, event->space_len) == 0;
}

static harmony_status on_outer(const harmony__xml_event *event, void *user)
{
	opening *o = user;

	if (!o->inner && o->seen == 3 &&
	    (event->type == HARMONY__XML_TEXT || event->depth >= 2)) /* inside the response */
		return o->event(event, o->user);
	switch (event->type) {
	case HARMONY__XML_START:
		if (event->depth != o->seen || !is_step(o, event))
			return HARMONY_OK;
		o->seen++;
		o->result = o->result || o->seen == (o->inner ? 4u : 3u);
		return !o->inner && o->seen == 3 ? o->event(event, o->user) : HARMONY_OK;
	case HARMONY__XML_TEXT:
		return o->inner && o->seen == 4 && event->depth == 4
			   ? harmony__xml_reader_feed(o->inner, event->text, event->len, o->error)
			   : HARMONY_OK;
	default:
		if (event->depth + 1 == o->seen)
			o->seen = event->depth;
		return HARMONY_OK;
	}
}

/* Reads an answer. HARMONY_FORMAT: it is damaged, or none to this operation. */
static harmony_status open_answer(twinfield *t, const twinfield_call *call,
				  const harmony__http_response *response, harmony_error *error)
{
	opening o = {.operation = operations[operation_of(call)].name,
		     .event = call->event,
		     .user = call->user,
		     .error = error};
	harmony__xml_reader *outer = NULL;
	harmony_status status = HARMONY_OK;

	if (call->again)
		call->again(call->user);
	if (call->inner)
		status = harmony__xml_reader_new(&o.inner, t->frame.context, call->event,
						 call->user);
	if (status == HARMONY_OK)
		status = harmony__xml_reader_new(&outer, t->frame.context, on_outer, &o);
	if (status == HARMONY_OK)
		status = harmony__xml_reader_feed(outer, response->body.data, response->body.len,
						  error);
	if (status == HARMONY_OK)
		status = harmony__xml_reader_finish(outer, error);
	if (status == HARMONY_OK && o.inner && o.result)
		status = harmony__xml_reader_finish(o.inner, error);
	if (status == HARMONY_OK && !o.result)
		status = harmony_error_set(error, HARMONY_FORMAT, NULL,
					   "the answer of Twinfield holds no result");
	harmony__xml_reader_free(outer);
	harmony__xml_reader_free(o.inner);
	return status == HARMONY_NOMEM ? harmony__nomem(error) : status;
}

static harmony_status take_answer(harmony__frame *f, const harmony__http_response *response,
				  void *user, harmony_error *error)
{
	const sending *s = user;
	harmony_status status = open_answer(twinfield_of(f), s->call, response, error);

	if (status == HARMONY_LIMIT)
		return harmony_error_set(error, status, NULL,
					 "the answer of Twinfield for %s is larger than allowed",
					 s->call->what);
	return status;
}

harmony_status twinfield_read(twinfield *t, const twinfield_call *call, harmony_error *error)
{
	harmony__call frame_call;
	sending s;
	harmony_status status = take_turn(t, error);

	if (status != HARMONY_OK)
		return status;
	sending_init(&s, &frame_call, t, call);
	frame_call.take = take_answer;
	status = harmony__read(&t->frame, &frame_call, error);
	sending_free(&s);
	end_turn(t);
	return status;
}

bool twinfield_refused(const harmony__xml *element)
{
	const char *result = harmony__xml_attribute(element, "result");

	return result && strcmp(result, "0") == 0;
}

/* ---- trees --------------------------------------------------------------------------- */

static void build_again(void *user)
{
	harmony__xml_builder *builder = user;
	harmony__arena *arena = builder->arena;

	harmony__xml_builder_free(builder);
	harmony__xml_builder_init(builder, arena);
}

/* Lists, reads and columns are queries; whatever else a document asks for costs three. */
static unsigned cost_of(const harmony__buf *inner)
{
	static const char *const queries[] = {"<list>", "<read>", "<columns"};

	for (size_t i = 0; i < HARMONY__COUNT(queries); i++)
		if (strncmp(inner->data, queries[i], strlen(queries[i])) == 0)
			return 1;
	return 3;
}

harmony_status twinfield_tree(twinfield *t, const char *what, const harmony__buf *inner,
			      harmony__arena *arena, const harmony__xml **root,
			      harmony_error *error)
{
	harmony__xml_builder builder;
	twinfield_call call = {.what = what,
			       .inner = inner,
			       .credits = cost_of(inner),
			       .event = harmony__xml_build,
			       .again = build_again,
			       .user = &builder};
	harmony_status status;

	harmony__xml_builder_init(&builder, arena);
	status = twinfield_read(t, &call, error);
	*root = status == HARMONY_OK ? harmony__xml_built(&builder) : NULL;
	harmony__xml_builder_free(&builder);
	return status;
}

/* ---- writing ------------------------------------------------------------------------- */

harmony_status twinfield_write(twinfield *t, const char *what, const harmony__buf *inner,
			       harmony__arena *arena, const harmony__xml **root,
			       harmony_verdict *verdict, harmony_error *error)
{
	harmony__xml_builder builder;
	twinfield_call call = {.what = what,
			       .inner = inner,
			       .credits = 3,
			       .event = harmony__xml_build,
			       .again = build_again,
			       .user = &builder};
	harmony__http_response response;
	harmony__call frame_call;
	sending s;
	harmony_status status = take_turn(t, error);

	*root = NULL;
	if (status != HARMONY_OK)
		return status;
	sending_init(&s, &frame_call, t, &call);
	harmony__xml_builder_init(&builder, arena);
	harmony__http_response_init(&response, t->frame.context);
	status = harmony__write(&t->frame, &frame_call, &response, verdict, error);
	/* A 2xx that cannot be read was received all the same. */
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_BOOKED) {
		if (open_answer(t, &call, &response, NULL) == HARMONY_OK)
			*root = harmony__xml_built(&builder);
		if (!*root)
			harmony__doubt(&t->frame, verdict, &response);
	}
	harmony__http_response_free(&response);
	harmony__xml_builder_free(&builder);
	sending_free(&s);
	end_turn(t);
	return status;
}

harmony_status twinfield_show(twinfield *t, const harmony__buf *inner, harmony__buf *out,
			      harmony_error *error)
{
	const twinfield_call call = {.inner = inner};
	harmony_status status;

	harmony__buf_str(out, "POST ");
	status = address(out, t, &call, error);
	harmony__buf_char(out, '\n');
	if (status == HARMONY_OK)
		status = write_envelope(out, t, &call, "{access_token}");
	if (status != HARMONY_OK && harmony__buf_check(out, "the request", error) == HARMONY_OK)
		harmony_error_set(error, status, NULL, "a request to Twinfield cannot be written");
	harmony__buf_char(out, '\n');
	return status;
}

/* ---- faults -------------------------------------------------------------------------- */

#define MAX_FAULT 65536u

/* What a fault's code means, in the transport's terms; text is in the user's language. */
static const struct {
	int code, class, status;
} faults[] = {{100, HARMONY__HTTP_FAILED, 500},    /* unexpected: at whatever point */
	      {101, HARMONY__HTTP_REFUSED, 403},   /* token and company missing */
	      {102, HARMONY__HTTP_REFUSED, 403},   /* access denied */
	      {103, HARMONY__HTTP_LOGIN, 401},     /* credentials not valid anymore */
	      {104, HARMONY__HTTP_REFUSED, 403},   /* log-on deleted */
	      {105, HARMONY__HTTP_REFUSED, 403},   /* disabled */
	      {106, HARMONY__HTTP_REFUSED, 403},   /* organisation inactive */
	      {107, HARMONY__HTTP_REFUSED, 403},   /* SMS failed */
	      {108, HARMONY__HTTP_NOT_SENT, 500},  /* another cluster: it is asked for again */
	      {109, HARMONY__HTTP_REFUSED, 403},   /* needs access to a company */
	      {110, HARMONY__HTTP_REFUSED, 403},   /* login not allowed on this server */
	      {122, HARMONY__HTTP_REFUSED, 403},   /* client software not allowed */
	      {168, HARMONY__HTTP_NOT_SENT, 500},  /* another one is logged on under this name */
	      {186, HARMONY__HTTP_REFUSED, 400},   /* invalid zlib */
	      {187, HARMONY__HTTP_REFUSED, 400},   /* invalid XML */
	      {351, HARMONY__HTTP_LOGIN, 401},     /* claims that the consent did not give */
	      {352, HARMONY__HTTP_LOGIN, 401},
	      {353, HARMONY__HTTP_LOGIN, 401},
	      {354, HARMONY__HTTP_LOGIN, 401},     /* token invalid */
	      {358, HARMONY__HTTP_NOT_SENT, 500},  /* token cannot be validated now */
	      {359, HARMONY__HTTP_REFUSED, 403}};  /* of the company's id */

typedef struct fault {
	int code; /* 0: there is no fault */
	char text[512];
} fault;

static int number_of(const char *text)
{
	harmony__cursor cursor = harmony__cursor_over(text, strlen(text));
	uint64_t value;

	return harmony__cursor_digits(&cursor, 6, &value) > 0 ? (int)value : 0;
}

static void take_words(fault *out, const char *text)
{
	harmony__copy_text(out->text, sizeof(out->text), text, strlen(text));
	harmony__tidy(out->text);
}

/* A document with a fault is small: what is larger is none. */
static void read_fault(fault *out, harmony_context *context, const harmony__buf *body)
{
	harmony__arena arena;
	const harmony__xml *root, *found, *detail;
	const char *text;

	*out = (fault){0, ""};
	if (!body->len || body->len > MAX_FAULT || !strstr(body->data, "Fault"))
		return;
	harmony__arena_init(&arena, context, 1024 * 1024);
	if (harmony__xml_parse(&root, &arena, body->data, body->len, NULL) == HARMONY_OK) {
		found = harmony__xml_get(root, "Body", "Fault");
		detail = harmony__xml_child(found, "detail");
		text = harmony__xml_text(harmony__xml_child(detail, "message"));
		if (!*text)
			text = harmony__xml_text(harmony__xml_child(found, "faultstring"));
		take_words(out, text);
		out->code = number_of(harmony__xml_text(harmony__xml_child(detail, "code")));
		if (found && out->code == 0)
			out->code = 100;
	}
	harmony__arena_free(&arena);
}

/* Some refusals stand in the status line alone: "354 : Access denied". */
static void read_phrase(fault *out, const harmony__http_response *response)
{
	const char *phrase = harmony__http_phrase(response);
	const char *colon = strchr(phrase, ':');

	if ((response->status != 401 && response->status != 403) || !colon || !number_of(phrase))
		return;
	out->code = number_of(phrase);
	colon += 1 + strspn(colon + 1, " ");
	take_words(out, colon);
}

static void fault_of(fault *out, harmony_context *context, const harmony__http_response *response)
{
	read_fault(out, context, &response->body);
	if (out->code == 0)
		read_phrase(out, response);
}

void twinfield_judge(harmony__frame *f, harmony__http_response *response)
{
	fault found;

	if (!response->status || response->class == HARMONY__HTTP_LIMIT ||
	    response->class == HARMONY__HTTP_UNKNOWN)
		return;
	fault_of(&found, f->context, response);
	for (size_t i = 0; found.code && i < HARMONY__COUNT(faults); i++) {
		if (faults[i].code != found.code)
			continue;
		response->class = faults[i].class;
		response->status = faults[i].status;
	}
	/* A code that we do not know is none to rely on. */
	if (found.code && response->class == HARMONY__HTTP_DONE)
		response->class = HARMONY__HTTP_FAILED;
	if (found.code && response->class == HARMONY__HTTP_NOT_SENT)
		twinfield_of(f)->cluster[0] = '\0';
	if (found.code)
		snprintf(response->reason, sizeof(response->reason), "fault %d: %.200s", found.code,
			 found.text);
}

void twinfield_words(char *words, size_t size, harmony__frame *f,
		     const harmony__http_response *response)
{
	fault found;

	fault_of(&found, f->context, response);
	words[0] = '\0';
	if (found.code)
		snprintf(words, size, "%d: %s", found.code, found.text);
}
