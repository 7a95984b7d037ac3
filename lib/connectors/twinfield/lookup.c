/* SPDX-License-Identifier: MIT */
#include "connectors/twinfield/twinfield.h"

/* What the office has. Offering asks for none of it: Twinfield judges each child by itself. */

#define MAX_ASK     4096u
#define ROWS_LIMIT  (28u * 1024u * 1024u) /* relations that are kept as they are, parsed */
#define FINDER_ROWS 25                    /* as the vendor advises */
#define FINDER_MOST 100000

harmony_status twinfield_ask(harmony__buf *inner, const char *root, const char *const *pairs)
{
	harmony__xml_writer w;

	harmony__xml_begin(&w, inner);
	harmony__xml_open(&w, root);
	for (; pairs[0]; pairs += 2)
		harmony__xml_put(&w, pairs[0], pairs[1]);
	harmony__xml_close(&w);
	return harmony__xml_end(&w);
}

static harmony_status cannot_ask(harmony_status status, harmony_error *error)
{
	return status == HARMONY_NOMEM
		   ? harmony__nomem(error)
		   : harmony_error_set(error, status, NULL,
				       "a question to Twinfield cannot be written");
}

/* Asks, and takes the answer as a tree. */
static harmony_status ask(twinfield *t, const char *what, const char *root,
			  const char *const *pairs, harmony__arena *arena,
			  const harmony__xml **answer, harmony_error *error)
{
	harmony__buf inner;
	harmony_status status;

	*answer = NULL;
	harmony__buf_init(&inner, t->frame.context, MAX_ASK);
	status = twinfield_ask(&inner, root, pairs);
	status = status == HARMONY_OK ? twinfield_tree(t, what, &inner, arena, answer, error)
				      : cannot_ask(status, error);
	harmony__buf_free(&inner);
	return status;
}

static harmony_status no_answer(const char *what, const harmony__xml *root, harmony_error *error)
{
	const char *words = harmony__xml_attribute(root, "msg");

	harmony__error_vendor(error, words ? words : "");
	return harmony_error_set(error, HARMONY_REJECTED, "vendor", "Twinfield refused to give %s",
				 what);
}

/* ---- the office ---------------------------------------------------------------------- */

static harmony_status take_offices(twinfield *t, const harmony__xml *root, harmony_error *error)
{
	const harmony__xml *office = harmony__xml_child(root, "office");
	const char *code = harmony__xml_text(office);

	if (!*code)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "this login has no office in Twinfield; give the user "
					 "access to one");
	if (harmony__xml_sibling(office) || strlen(code) >= sizeof(t->office))
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "this login has more than one office in Twinfield ('%s' "
					 "and others); set `administration` to the one that is "
					 "meant",
					 code);
	harmony__copy_text(t->office, sizeof(t->office), code, strlen(code));
	return HARMONY_OK;
}

/* The only office there is, which is then pinned: another one may come. */
static harmony_status find_office(twinfield *t, harmony_error *error)
{
	static const char *const pairs[] = {"type", "offices", NULL};
	const harmony_host *host = t->frame.host;
	size_t len = sizeof(t->office) - 1;
	harmony__arena arena;
	const harmony__xml *root;
	harmony_status status = HARMONY_NOTFOUND;

	if (host->memo_load)
		status = host->memo_load(t->office, &len, "office", host->user, NULL);
	if (status == HARMONY_OK) {
		t->office[len] = '\0';
		return HARMONY_OK;
	}
	t->office[0] = '\0';
	if (status != HARMONY_NOTFOUND)
		return harmony_error_set(error, status, NULL, "the pinned office cannot be read");
	harmony__arena_init(&arena, t->frame.context, HARMONY__TREE_LIMIT);
	status = ask(t, "offices", "list", pairs, &arena, &root, error);
	if (status == HARMONY_OK)
		status = take_offices(t, root, error);
	if (status == HARMONY_OK && host->memo_save)
		status = host->memo_save("office", t->office, strlen(t->office), host->user, error);
	harmony__arena_free(&arena);
	return status;
}

harmony_status twinfield_ready(harmony__frame *f, harmony_error *error)
{
	twinfield *t = twinfield_of(f);
	harmony_status status = HARMONY_OK;

	if (!*t->office)
		status = find_office(t, error);
	return status == HARMONY_OK ? twinfield_connect(t, error) : status;
}

/* ---- lists --------------------------------------------------------------------------- */

static twinfield_thing *put(harmony__table *table, const char *code)
{
	twinfield_thing *made = harmony__table_put(table, code);

	if (made)
		harmony__copy_text(made->thing.id, sizeof(made->thing.id), code, strlen(code));
	return made;
}

/* The last row of a list is its type, without a name. */
static harmony_status take_list(harmony__table *table, const char *type, const harmony__xml *root)
{
	for (const harmony__xml *at = harmony__xml_child(root, "dimension"); at;
	     at = harmony__xml_sibling(at)) {
		const char *name = harmony__xml_attribute(at, "name");
		if (!*at->text || (strcmp(at->text, type) == 0 && (!name || !*name)))
			continue;
		if (!put(table, at->text))
			return HARMONY_NOMEM;
	}
	return HARMONY_OK;
}

static harmony_status load_list(twinfield *t, int table, const char *type, harmony_error *error)
{
	const char *const pairs[] = {"type", "dimensions", "office", t->office, "dimtype", type,
				     NULL};
	const char *what = t->frame.package->sources[table].many;
	harmony__arena arena;
	const harmony__xml *root;
	harmony_status status;

	harmony__arena_init(&arena, t->frame.context, HARMONY__TREE_LIMIT);
	status = ask(t, what, "list", pairs, &arena, &root, error);
	if (status == HARMONY_OK && twinfield_refused(root))
		status = no_answer(what, root, error);
	if (status == HARMONY_OK)
		status = take_list(&t->frame.tables[table], type, root);
	harmony__arena_free(&arena);
	return status;
}

/* ---- the finder ---------------------------------------------------------------------- */

typedef struct question {
	const char *type, *category, *office;
	size_t first;
} question;

static void write_option(harmony__xml_writer *w, const char *name, const char *value)
{
	harmony__xml_open(w, "ArrayOfString");
	harmony__xml_put(w, "string", name);
	harmony__xml_put(w, "string", value);
	harmony__xml_close(w);
}

static void write_question(harmony__xml_writer *w, const void *user)
{
	const question *q = user;

	harmony__xml_put(w, "type", q->type);
	harmony__xml_put(w, "pattern", "*");
	harmony__xml_put(w, "field", "0");
	harmony__xml_put_number(w, "firstRow", (int64_t)q->first, 0);
	harmony__xml_put_number(w, "maxRows", FINDER_ROWS, 0);
	harmony__xml_open(w, "options");
	write_option(w, "office", q->office); /* the header's may be ignored */
	if (q->category)
		write_option(w, "category", q->category);
	harmony__xml_close(w);
}

static void start_again(void *user)
{
	harmony__xml_builder *builder = user;
	harmony__arena *arena = builder->arena;

	harmony__xml_builder_free(builder);
	harmony__arena_reset(arena);
	harmony__xml_builder_init(builder, arena);
}

/* Columns go by position, since their titles are in the user's language. */
typedef harmony_status (*found_fn)(const harmony__xml *first_column, void *user);

/* A message that is an error means no rows, whatever else the answer holds. */
static harmony_status check_found(const harmony__xml *root, const char *what, harmony_error *error)
{
	const harmony__xml *at = harmony__xml_get(root, "SearchResult", "MessageOfErrorCodes");

	while (at && strcmp(harmony__xml_text(harmony__xml_child(at, "Type")), "Error") != 0)
		at = harmony__xml_sibling(at);
	if (!at)
		return HARMONY_OK;
	harmony__error_vendor(error, harmony__xml_text(harmony__xml_child(at, "Text")));
	return harmony_error_set(error, HARMONY_REJECTED, "vendor",
				 "Twinfield refused to give %s (%s)", what,
				 harmony__xml_text(harmony__xml_child(at, "Code")));
}

static harmony_status take_page(const harmony__xml *root, const char *what, size_t *rows,
				size_t *total, found_fn found, void *user, harmony_error *error)
{
	const harmony__xml *data = harmony__xml_child(root, "data");
	const char *text = harmony__xml_text(harmony__xml_child(data, "TotalRows"));
	harmony__cursor cursor = harmony__cursor_over(text, strlen(text));
	uint64_t number = 0;
	harmony_status status = check_found(root, what, error);

	if (status != HARMONY_OK)
		return status;
	if (harmony__cursor_digits(&cursor, 9, &number) == 0)
		return harmony_error_set(error, HARMONY_REJECTED, "vendor",
					 "Twinfield refused to give %s", what);
	*total = (size_t)number;
	*rows = 0;
	for (const harmony__xml *at = harmony__xml_get(data, "Items", "ArrayOfString");
	     at && status == HARMONY_OK; at = harmony__xml_sibling(at)) {
		status = found(harmony__xml_child(at, "string"), user);
		(*rows)++;
	}
	return status;
}

/* All rows, page by page; each page is as long as Twinfield likes. */
static harmony_status search(twinfield *t, const char *what, const char *type, const char *category,
			     found_fn found, void *user, harmony_error *error)
{
	question q = {type, category, t->office, 1};
	harmony__arena arena;
	harmony__xml_builder builder;
	twinfield_call call = {.what = what,
			       .fill = write_question,
			       .question = &q,
			       .credits = 1,
			       .event = harmony__xml_build,
			       .again = start_again,
			       .user = &builder};
	size_t rows = 0, total = 0;
	harmony_status status;

	harmony__arena_init(&arena, t->frame.context, HARMONY__TREE_LIMIT);
	harmony__xml_builder_init(&builder, &arena);
	do {
		status = twinfield_read(t, &call, error);
		if (status == HARMONY_OK)
			status = take_page(harmony__xml_built(&builder), what, &rows, &total, found,
					   user, error);
		q.first += rows;
	} while (status == HARMONY_OK && rows > 0 && q.first <= total && q.first < FINDER_MOST);
	if (status == HARMONY_OK && q.first <= total)
		status = harmony_error_set(error, HARMONY_RETRY, "network",
					   "Twinfield has %zu %s and gave %zu; it is tried again",
					   total, what, q.first - 1);
	harmony__xml_builder_free(&builder);
	harmony__arena_free(&arena);
	return status;
}

typedef struct gathering {
	harmony__table *table;
	harmony_kind books;
} gathering;

static harmony_status take_found(const harmony__xml *column, void *user)
{
	const gathering *g = user;
	twinfield_thing *made = put(g->table, harmony__xml_text(column));

	if (!made)
		return HARMONY_NOMEM;
	made->books = g->books;
	return HARMONY_OK;
}

static harmony_status load_daybooks(twinfield *t, harmony_error *error)
{
	static const struct {
		const char *category;
		harmony_kind books;
	} categories[] = {{"sales", HARMONY_SALES_INVOICE},
			  {"purchase", HARMONY_PURCHASE_INVOICE},
			  {"journal", HARMONY_MEMORIAL}};
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < HARMONY__COUNT(categories) && status == HARMONY_OK; i++) {
		gathering g = {&t->frame.tables[TWINFIELD_JOURNALS], categories[i].books};
		status = search(t, "daybooks", "TRS", categories[i].category, take_found, &g,
				error);
	}
	return status;
}

/* ---- relations ----------------------------------------------------------------------- */

int twinfield_party_table(harmony_kind kind)
{
	return kind == HARMONY_SUPPLIER || kind == HARMONY_PURCHASE_INVOICE ? TWINFIELD_SUPPLIERS
									    : TWINFIELD_CUSTOMERS;
}

const char *twinfield_party_type(harmony_kind kind)
{
	return twinfield_party_table(kind) == TWINFIELD_SUPPLIERS ? "CRD" : "DEB";
}

/* Relations come in full, one element each. As many as there is room for are kept as they
   are; of the others the code is enough, and they are read when one is to be changed. */
typedef struct relations {
	harmony__table *table;
	harmony_kind kind;
	harmony__arena rows; /* of the one that is being read */
	harmony__xml_builder builder;
	bool building, failed;
} relations;

static bool copy_texts(harmony__arena *arena, harmony__xml *made, const harmony__xml *from)
{
	size_t count = 0;
	const char **attributes;

	while (from->attributes[count])
		count++;
	attributes = harmony__arena_alloc(arena, (count + 1) * sizeof(*attributes));
	made->name = harmony__arena_text(arena, from->name, strlen(from->name));
	made->text = harmony__arena_text(arena, from->text, strlen(from->text));
	if (!attributes || !made->name || !made->text)
		return false;
	for (size_t i = 0; i < count; i++) {
		attributes[i] =
		    harmony__arena_text(arena, from->attributes[i], strlen(from->attributes[i]));
		if (!attributes[i])
			return false;
	}
	attributes[count] = NULL;
	made->attributes = attributes;
	return true;
}

/* Elements without content say nothing about a relation, and are most of it. */
static harmony__xml *copy_element(harmony__arena *arena, const harmony__xml *from)
{
	harmony__xml *made = harmony__arena_alloc(arena, sizeof(*made));
	const harmony__xml **last;

	if (!made)
		return NULL;
	*made = *from;
	made->first = made->next = made->parent = NULL;
	made->count = 0;
	if (!copy_texts(arena, made, from))
		return NULL;
	last = &made->first;
	for (const harmony__xml *at = from->first; at; at = at->next) {
		harmony__xml *child;
		if (!at->first && !*at->text)
			continue;
		child = copy_element(arena, at);
		if (!child)
			return NULL;
		*last = child;
		last = &child->next;
		made->count++;
	}
	return made;
}

static harmony_status take_party(relations *r, const harmony__xml *row)
{
	const char *code = harmony__xml_text(harmony__xml_child(row, "code"));
	const char *state = harmony__xml_attribute(row, "status");
	twinfield_thing *made;

	if (!row || !*code)
		return HARMONY_OK;
	made = put(r->table, code);
	if (!made)
		return HARMONY_NOMEM;
	made->thing.blocked = state && strcmp(state, "deleted") == 0;
	made->thing.roles = HARMONY_BIT(r->kind);
	made->thing.doubted = 0;
	made->thing.row = NULL;
	if (r->table->arena.used < ROWS_LIMIT) {
		made->thing.row = copy_element(&r->table->arena, row);
		if (!made->thing.row)
			return HARMONY_NOMEM;
	}
	return HARMONY_OK;
}

/* Takes <dimensions> apart into its elements; the answer may also be one <dimension>. */
static harmony_status on_relation(const harmony__xml_event *event, void *user)
{
	relations *r = user;
	harmony_status status;

	if (event->depth == 0 && event->type == HARMONY__XML_START) {
		for (size_t i = 0; event->attributes[i]; i += 2)
			r->failed = r->failed || (strcmp(event->attributes[i], "result") == 0 &&
						  strcmp(event->attributes[i + 1], "0") == 0);
	}
	if (event->type == HARMONY__XML_START && event->depth <= 1 &&
	    strcmp(event->name, "dimension") == 0)
		r->building = true;
	if (!r->building)
		return HARMONY_OK;
	status = harmony__xml_build(event, &r->builder);
	if (status != HARMONY_OK || event->type != HARMONY__XML_END || event->depth > 1 ||
	    strcmp(event->name, "dimension") != 0)
		return status;
	r->building = false;
	status = r->failed ? HARMONY_OK : take_party(r, harmony__xml_built(&r->builder));
	start_again(&r->builder);
	return status;
}

static void relations_again(void *user)
{
	relations *r = user;

	r->building = r->failed = false;
	start_again(&r->builder);
}

/* All at once; when that is too much for one answer, their codes. */
static harmony_status load_parties(twinfield *t, int table, harmony_kind kind, harmony_error *error)
{
	const char *const pairs[] = {"type", "dimensions", "office", t->office, "dimtype",
				     twinfield_party_type(kind), NULL};
	relations r = {.table = &t->frame.tables[table], .kind = kind};
	twinfield_call call = {.what = t->frame.package->sources[table].many,
			       .credits = 1,
			       .event = on_relation,
			       .again = relations_again,
			       .user = &r};
	harmony__buf inner;
	harmony_status status;

	harmony__arena_init(&r.rows, t->frame.context, HARMONY__TREE_LIMIT);
	harmony__xml_builder_init(&r.builder, &r.rows);
	harmony__buf_init(&inner, t->frame.context, MAX_ASK);
	status = twinfield_ask(&inner, "read", pairs);
	call.inner = &inner;
	status = status == HARMONY_OK ? twinfield_read(t, &call, error) : cannot_ask(status, error);
	harmony__buf_free(&inner);
	harmony__xml_builder_free(&r.builder);
	harmony__arena_free(&r.rows);
	return status;
}

static harmony_status load_party_codes(twinfield *t, int table, harmony_kind kind,
				       harmony_error *error)
{
	harmony_status status = load_list(t, table, twinfield_party_type(kind), error);

	for (twinfield_thing *at = harmony__table_next(&t->frame.tables[table], NULL);
	     at && status == HARMONY_OK;
	     at = harmony__table_next(&t->frame.tables[table], at)) {
		at->thing.roles = HARMONY_BIT(kind);
		at->thing.doubted = at->thing.id[0] ? 0 : at->thing.doubted;
	}
	return status;
}

static harmony_status load_table_of_parties(twinfield *t, int table, harmony_error *error)
{
	harmony_kind kind = table == TWINFIELD_SUPPLIERS ? HARMONY_SUPPLIER : HARMONY_CUSTOMER;
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony_status status = load_parties(t, table, kind, &mine);

	if (status == HARMONY_RETRY || status == HARMONY_LIMIT)
		return load_party_codes(t, table, kind, error);
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	return status;
}

harmony_status twinfield_load(harmony__frame *f, int table, const char *code, harmony_error *error)
{
	twinfield *t = twinfield_of(f);
	gathering g = {&f->tables[table], 0};
	harmony_status status;

	switch (table) {
	case TWINFIELD_JOURNALS:
		return load_daybooks(t, error);
	case TWINFIELD_VAT:
		return search(t, "VAT codes", "VAT", NULL, take_found, &g, error);
	case TWINFIELD_CUSTOMERS:
	case TWINFIELD_SUPPLIERS:
		return load_table_of_parties(t, table, error);
	case TWINFIELD_ACCOUNTS:
		status = load_list(t, table, "BAS", error);
		return status == HARMONY_OK ? load_list(t, table, "PNL", error) : status;
	default:
		return load_list(t, table, f->package->sources[table].path, error);
	}
}

harmony_status twinfield_read_party(twinfield *t, harmony_kind kind, const char *code,
				    harmony__arena *arena, const harmony__xml **row,
				    harmony_error *error)
{
	const char *const pairs[] = {"type", "dimensions", "office", t->office, "dimtype",
				     twinfield_party_type(kind), "code", code, NULL};
	harmony_status status = ask(t, "a relation", "read", pairs, arena, row, error);

	if (status == HARMONY_OK && *row && strcmp((*row)->name, "dimensions") == 0)
		*row = harmony__xml_child(*row, "dimension");
	if (status == HARMONY_OK &&
	    (twinfield_refused(*row) ||
	     strcmp(harmony__xml_text(harmony__xml_child(*row, "code")), code) != 0))
		*row = NULL;
	return status;
}

/* ---- the mask of codes --------------------------------------------------------------- */

/* One character class: "0-9]" and the like, up to its bracket. */
static bool in_class(const char **mask, char c)
{
	const char *at = *mask;
	bool in = false;

	for (; *at && *at != ']'; at++) {
		if (at[1] == '-' && at[2] && at[2] != ']') {
			in = in || (c >= at[0] && c <= at[2]);
			at += 2;
		} else {
			in = in || c == *at;
		}
	}
	*mask = *at ? at + 1 : at;
	return in;
}

bool twinfield_mask_fits(const char *mask, const char *code)
{
	const char *star = NULL, *from = code; /* the last '*', and what it stands for ends here */

	while (*code) {
		const char *rest = mask;
		bool fits;
		if (*mask == '*') {
			star = ++mask;
			from = code;
			continue;
		}
		if (*mask == '[') {
			rest++;
			fits = in_class(&rest, *code);
		} else {
			fits = *mask && (*mask == '?' || *mask == *code);
			rest++;
		}
		if (fits) {
			mask = rest;
			code++;
		} else if (star) {
			mask = star;
			code = ++from;
		} else {
			return false;
		}
	}
	return mask[strspn(mask, "*")] == '\0';
}

typedef struct mask_search {
	const char *type;
	char *mask;
	size_t size;
} mask_search;

/* The finder's rows are code, name, and then the mask. */
static harmony_status look_for_mask(const harmony__xml *column, void *user)
{
	const mask_search *s = user;
	const char *mask;

	if (strcmp(harmony__xml_text(column), s->type) != 0)
		return HARMONY_OK;
	mask = harmony__xml_text(harmony__xml_sibling(harmony__xml_sibling(column)));
	harmony__copy_text(s->mask, s->size, mask, strlen(mask));
	return HARMONY_OK;
}

static harmony_status read_mask(twinfield *t, const char *type, char *mask, size_t size,
				harmony_error *error)
{
	const char *const pairs[] = {"office", t->office, "code", type, NULL};
	mask_search s = {type, mask, size};
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony__arena arena;
	const harmony__xml *root;
	harmony_status status;

	harmony__arena_init(&arena, t->frame.context, HARMONY__TREE_LIMIT);
	status = ask(t, "the form of codes", "dimensiontype", pairs, &arena, &root, &mine);
	if (status == HARMONY_OK && !twinfield_refused(root)) {
		const char *text = harmony__xml_text(harmony__xml_child(root, "mask"));
		harmony__copy_text(mask, size, text, strlen(text));
	} else if (status == HARMONY_OK || status == HARMONY_REJECTED) {
		harmony_error_clear(&mine);
		status = search(t, "the form of codes", "DMT", NULL, look_for_mask, &s, &mine);
	}
	/* Without it Twinfield is the one to say that a code does not fit. */
	if (status == HARMONY_REJECTED)
		status = HARMONY_OK;
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	harmony__arena_free(&arena);
	return status;
}

harmony_status twinfield_code_fits(bool *fits, const char **mask, twinfield *t, harmony_kind kind,
				   const char *code, harmony_error *error)
{
	size_t which = kind == HARMONY_SUPPLIER;
	harmony_status status = HARMONY_OK;

	if (!t->mask_known[which])
		status = read_mask(t, twinfield_party_type(kind), t->masks[which],
				   sizeof(t->masks[which]), error);
	t->mask_known[which] = status == HARMONY_OK;
	*mask = t->masks[which];
	*fits = !**mask || twinfield_mask_fits(*mask, code);
	return status;
}
