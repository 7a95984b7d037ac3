/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <harmony/harmony.h>

#include "wire/xml.h"

/* ---- events written down ---------------------------------------------------------------- */

typedef struct trace {
	char text[8192];
	size_t used;
	int last;        /* type of the event before */
	long stop_after; /* events until HARMONY_USER; 0: never */
} trace;

static void add(trace *t, const char *text, size_t len)
{
	if (len >= sizeof(t->text) - t->used)
		return;
	memcpy(t->text + t->used, text, len);
	t->used += len;
	t->text[t->used] = '\0';
}

/* Pieces of one text are joined: where it is cut is nobody's promise. */
static harmony_status note(const harmony__xml_event *event, void *user)
{
	trace *t = user;
	char depth[16];
	int len = snprintf(depth, sizeof(depth), "%u", event->depth);

	if (event->type != HARMONY__XML_TEXT || t->last != HARMONY__XML_TEXT) {
		add(t, " ", 1);
		add(t, depth, (size_t)len);
		add(t, &"<'>"[event->type], 1);
	}
	t->last = event->type;
	if (event->type == HARMONY__XML_TEXT) {
		add(t, event->text, event->len);
	} else {
		add(t, "{", event->space_len > 0);
		add(t, event->space, event->space_len);
		add(t, "}", event->space_len > 0);
		add(t, event->name, strlen(event->name));
	}
	for (size_t i = 0; event->attributes && event->attributes[i]; i++) {
		add(t, i % 2 ? "=" : ",", 1);
		add(t, event->attributes[i], strlen(event->attributes[i]));
	}
	return t->stop_after && --t->stop_after == 0 ? HARMONY_USER : HARMONY_OK;
}

#define READER(verb) harmony__xml_reader##verb
#include "reading.h"

static const char document[] =
	"<?xml version='1.0' encoding='utf-16'?>\n<!-- a comment --><s:a xmlns:s=\"urn:x\">"
	"<b c='1' s:d=\"&lt;&#233;\n&amp;\"/> t\xc3\xa9xt &gt;<![CDATA[<]>&]]><?pi x?>more"
	"<e xmlns='urn:y'><f>&#x1F600;</f>\r\n</e></s:a>\n";
static const char document_events[] =
	" 0<{urn:x}a 1<b,c=1,d=<\xc3\xa9 & 1>b 1' t\xc3\xa9xt ><]>&more 1<{urn:y}e 2<{urn:y}f "
	"3'\xf0\x9f\x98\x80 2>{urn:y}f 2'\n 1>{urn:y}e 0>{urn:x}a";

static void events_come_in_order_at_every_split(void **state)
{
	(void)state;
	same_at_every_split(document, document_events);
}

/* A document of many blocks, cut at every place around the end of a block. */
static void events_are_the_same_across_blocks(void **state)
{
	enum { PAD = 8192 - 60 };
	static char text[PAD + sizeof(document)];
	harmony_context *context = plain_context();

	for (size_t pad = PAD - 300; pad <= PAD; pad++) {
		trace t = {{0}, 0, 0, 0};
		size_t head = strlen("<?xml version='1.0' encoding='utf-16'?>");

		memcpy(text, document, head);
		memset(text + head, ' ', pad);
		memcpy(text + head + pad, document + head, sizeof(document) - head);
		assert_int_equal(read_cut(context, &t, text, pad + sizeof(document) - 1, 4096,
					  4096, NULL),
				 HARMONY_OK);
		assert_string_equal(t.text, document_events);
	}
	harmony_context_free(context);
}

static void a_truncated_document_is_an_error_at_every_byte(void **state)
{
	(void)state;
	an_error_at_every_end(document, strlen(document) - 1);
}

static void what_is_not_xml_is_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned column;
	} cases[] = {
		{"", 0},
		{" \n", 0},
		{"x", 0},
		{"{\"a\":1}", 0},
		{"<a>", 0},
		{"<a/><b/>", 5},
		{"<a/>x", 0},
		{"<a></b>", 0},
		{"<a><b></a></b>", 0},
		{"<a b=1/>", 0},
		{"<a b='1' b='2'/>", 0},
		{"<a b='<'/>", 0},
		{"<a>&</a>", 0},
		{"<a>&nbsp;</a>", 4},
		{"<a>&#0;</a>", 0},
		{"<a>&#1;</a>", 0},
		{"<a>&#xD800;</a>", 0},
		{"<a>\x01</a>", 0},
		{"<a>\xff</a>", 0},
		{"<a>\xed\xa0\x80</a>", 0},
		{"<a>]]></a>", 0},
		{"<x:a/>", 0},
		{"<a x:b='1'/>", 0},
		{"<a><!-- -- --></a>", 0},
		{" <?xml version='1.0'?><a/>", 0},
		{"<!DOCTYPE a><a/>", 0},
		{"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", 0},
		{"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 0},
		{"<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://x/'> %p;]><a/>", 0},
		{"\xff\xfe<\0a\0/\0>\0", 0},
	};

	for (size_t i = 0; i < HARMONY__COUNT(cases); i++) {
		const size_t len = strlen(cases[i].text);
		harmony_context *context = plain_context();

		for (size_t step = 1; step <= len + 1; step++) {
			harmony_error error = HARMONY_ERROR_INIT;
			trace t = {{0}, 0, 0, 0};
			harmony_status status =
				read_cut(context, &t, cases[i].text, len, step, step, &error);

			if (status != HARMONY_FORMAT)
				fail_msg("%s in steps of %zu: %d", cases[i].text, step, status);
			assert_int_equal(error.status, status);
			assert_non_null(strstr(error.message, "XML at byte"));
			if (cases[i].column)
				assert_int_equal(error.column, cases[i].column);
			if (strstr(cases[i].text, "DOCTYPE"))
				assert_non_null(strstr(error.message, "DOCTYPE"));
		}
		harmony_context_free(context);
	}
}

/* Makes "<a><a>...</a></a>" of `depth` elements; returns its length. */
static size_t nest(char *text, size_t depth, bool closed)
{
	for (size_t i = 0; i < depth; i++)
		memcpy(text + 3 * i, "<a>", 3);
	for (size_t i = 0; closed && i < depth; i++)
		memcpy(text + 3 * depth + 4 * i, "</a>", 4);
	return depth * (closed ? 7 : 3);
}

static harmony_status read_attributes(size_t count, size_t size)
{
	char *text = test_malloc(count * (size + 16) + 64);
	size_t len = 2;
	harmony_status status;
	trace t;

	memcpy(text, "<a", 2);
	for (size_t i = 0; i < count; i++) {
		len += (size_t)sprintf(text + len, " a%zu='", i);
		memset(text + len, 'x', size);
		len += size;
		text[len++] = '\'';
	}
	memcpy(text + len, "/>", 2);
	status = read_all(text, len + 2, &t, NULL);
	test_free(text);
	return status;
}

static void limits_hold(void **state)
{
	char text[(HARMONY_MAX_XML_DEPTH + 1) * 7];
	harmony_error error = HARMONY_ERROR_INIT;
	trace t;

	assert_int_equal(read_all(text, nest(text, HARMONY_MAX_XML_DEPTH, true), &t, &error),
			 HARMONY_OK);
	assert_int_equal(read_all(text, nest(text, HARMONY_MAX_XML_DEPTH + 1, true), &t, &error),
			 HARMONY_LIMIT);
	assert_non_null(strstr(error.message, "nested"));

	assert_int_equal(read_attributes(HARMONY_MAX_XML_ATTRIBUTES, 1), HARMONY_OK);
	assert_int_equal(read_attributes(HARMONY_MAX_XML_ATTRIBUTES + 1, 1), HARMONY_LIMIT);
	assert_int_equal(read_attributes(1, HARMONY_MAX_XML_TAG - 8), HARMONY_OK);
	assert_int_equal(read_attributes(1, HARMONY_MAX_XML_TAG), HARMONY_LIMIT);
	assert_int_equal(read_attributes(1, 2 * HARMONY_MAX_XML_MEMORY), HARMONY_LIMIT);
}

static void a_callback_can_end_it(void **state)
{
	(void)state;
	ended_by_each_of(11, document);
}

static void an_ended_document_takes_no_more(void **state)
{
	harmony_context *context = plain_context();
	harmony__xml_reader *reader;
	harmony_error error = HARMONY_ERROR_INIT;
	trace t = {{0}, 0, 0, 0};

	assert_int_equal(harmony__xml_reader_new(&reader, context, note, &t), HARMONY_OK);
	assert_int_equal(harmony__xml_reader_feed(reader, "<a/>", 4, NULL), HARMONY_OK);
	assert_int_equal(harmony__xml_reader_finish(reader, NULL), HARMONY_OK);
	assert_int_equal(harmony__xml_reader_feed(reader, "<a/>", 4, &error), HARMONY_STATE);
	assert_int_equal(harmony__xml_reader_finish(reader, NULL), HARMONY_STATE);
	assert_non_null(strstr(error.message, "new reader"));
	harmony__xml_reader_free(reader);
	harmony_context_free(context);
}

/* ---- a document in a text of another one --------------------------------------------------- */

static harmony_status pass_on(const harmony__xml_event *event, void *user)
{
	return event->type == HARMONY__XML_TEXT
		       ? harmony__xml_reader_feed(user, event->text, event->len, NULL)
		       : HARMONY_OK;
}

static void one_reader_feeds_another(void **state)
{
	sweep b;
	harmony_context *context = sweep_context(&b);
	harmony__xml_reader *outer, *inner;
	harmony__xml_writer w;
	harmony__buf buf;
	trace t = {{0}, 0, -1, 0};

	harmony__buf_init(&buf, context, 1 << 20);
	harmony__xml_begin(&w, &buf);
	harmony__xml_declare(&w);
	harmony__xml_put(&w, "outer", document);
	assert_int_equal(harmony__xml_end(&w), HARMONY_OK);
	for (size_t step = 1; step < 2 * sizeof(document); step++) {
		t = (trace){{0}, 0, -1, 0};
		assert_int_equal(harmony__xml_reader_new(&inner, context, note, &t), HARMONY_OK);
		assert_int_equal(harmony__xml_reader_new(&outer, context, pass_on, inner),
				 HARMONY_OK);
		for (size_t at = 0; at < buf.len; at += step)
			assert_int_equal(harmony__xml_reader_feed(
						 outer, buf.data + at,
						 step < buf.len - at ? step : buf.len - at, NULL),
					 HARMONY_OK);
		assert_int_equal(harmony__xml_reader_finish(outer, NULL), HARMONY_OK);
		assert_int_equal(harmony__xml_reader_finish(inner, NULL), HARMONY_OK);
		assert_string_equal(t.text, document_events);
		harmony__xml_reader_free(outer);
		harmony__xml_reader_free(inner);
	}
	harmony__buf_free(&buf);
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
}

/* ---- allocation failures ----------------------------------------------------------------- */

static harmony_status everything(harmony_context *context, harmony_error *error, void *user)
{
	trace t = {{0}, 0, 0, 0};
	harmony__arena arena;
	harmony__xml_writer w;
	harmony__buf buf;
	const harmony__xml *root;
	harmony_status status =
		read_cut(context, &t, document, sizeof(document) - 1, 7, 7, error);

	harmony__arena_init(&arena, context, 1 << 20);
	harmony__buf_init(&buf, context, 1 << 20);
	if (!status)
		status = harmony__xml_parse(&root, &arena, document, sizeof(document) - 1, error);
	harmony__xml_begin(&w, &buf);
	harmony__xml_put(&w, "a", document);
	if (!status && harmony__xml_end(&w) != HARMONY_OK)
		status = harmony__nomem(error);
	harmony__buf_free(&buf);
	harmony__arena_free(&arena);
	return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
	assert_true(sweep_run(everything, NULL) > 20);
}

/* ---- tree ------------------------------------------------------------------------------------ */

static void a_tree_answers(void **state)
{
	static const char text[] =
		"<r result='0'>\n <t a='1' b=''><x>one</x><y/></t><u/> <t><x> t&amp;w\xc3\xb6 </x>"
		"<line><lines><line>deep</line></lines></line><line>2</line></t>\n</r>";
	harmony_context *context = plain_context();
	harmony__arena arena;
	const harmony__xml *root, *t, *line;

	harmony__arena_init(&arena, context, 1 << 20);
	assert_int_equal(harmony__xml_parse(&root, &arena, text, sizeof(text) - 1, NULL),
			 HARMONY_OK);
	assert_string_equal(root->name, "r");
	assert_string_equal(root->text, "");
	assert_int_equal(root->count, 3);
	assert_null(root->parent);
	assert_string_equal(harmony__xml_attribute(root, "result"), "0");
	t = harmony__xml_child(root, "t");
	assert_ptr_equal(t->parent, root);
	assert_string_equal(harmony__xml_attribute(t, "b"), "");
	assert_null(harmony__xml_attribute(t, "c"));
	assert_string_equal(harmony__xml_text(harmony__xml_get(t, "x")), "one");
	assert_string_equal(harmony__xml_text(harmony__xml_get(t, "y")), "");
	t = harmony__xml_sibling(t);
	assert_string_equal(harmony__xml_text(harmony__xml_get(t, "x")), " t&w\xc3\xb6 ");
	line = harmony__xml_child(t, "line");
	assert_string_equal(harmony__xml_text(harmony__xml_get(line, "lines", "line")), "deep");
	line = harmony__xml_sibling(line);
	assert_string_equal(harmony__xml_text(line), "2");
	assert_null(harmony__xml_sibling(line));
	assert_null(harmony__xml_sibling(t));
	assert_null(harmony__xml_sibling(NULL));
	assert_null(harmony__xml_get(root, "t", "z", "x"));
	assert_null(harmony__xml_get(NULL, "t"));
	assert_null(harmony__xml_attribute(NULL, "a"));
	assert_string_equal(harmony__xml_text(NULL), "");
	harmony__arena_free(&arena);
	harmony_context_free(context);
}

static void what_a_tree_cannot_hold_is_refused(void **state)
{
	enum { SIZE = HARMONY_MAX_XML_TEXT + 64 };
	harmony_context *context = plain_context();
	char *text = test_malloc(SIZE);
	harmony__arena arena;
	const harmony__xml *root;
	harmony_error error = HARMONY_ERROR_INIT;

	for (size_t i = 0; i < SIZE; i += 4)
		memcpy(text + i, i == 0 ? " <a>" : "<b/>", 4);
	harmony__arena_init(&arena, context, 65536);
	assert_int_equal(harmony__xml_parse(&root, &arena, text, SIZE, &error), HARMONY_LIMIT);
	assert_null(root);
	assert_int_equal(error.status, HARMONY_LIMIT);
	harmony__arena_free(&arena);

	memset(text, 'x', SIZE);
	memcpy(text, "<a>", 3);
	memcpy(text + SIZE - 4, "</a>", 4);
	harmony__arena_init(&arena, context, 4 * SIZE);
	assert_int_equal(harmony__xml_parse(&root, &arena, text, SIZE, NULL), HARMONY_LIMIT);
	harmony__arena_free(&arena);
	test_free(text);
	harmony_context_free(context);
}

/* ---- writer ----------------------------------------------------------------------------------- */

static void the_writer_writes(void **state)
{
	sweep b;
	harmony_context *context = sweep_context(&b);
	harmony__arena arena;
	harmony__xml_writer w;
	harmony__buf buf;
	const harmony__xml *root;
	char all[1024];
	size_t len = 0;

	harmony__buf_init(&buf, context, 1 << 20);
	harmony__xml_begin(&w, &buf);
	harmony__xml_declare(&w);
	harmony__xml_open(&w, "s:a");
	harmony__xml_put_attribute(&w, "xmlns:s", "urn:x");
	harmony__xml_put_attribute(&w, "b", "<\"&'\n\t\r>");
	harmony__xml_put(&w, "c", "<&>\"'\r\n");
	harmony__xml_put(&w, "d", "");
	harmony__xml_put(&w, "left_out", NULL);
	harmony__xml_put_number(&w, "e", -14280, 2);
	harmony__xml_close(&w);
	assert_int_equal(harmony__xml_end(&w), HARMONY_OK);
	assert_string_equal(buf.data,
			    "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:a xmlns:s=\"urn:x\" "
			    "b=\"&lt;&quot;&amp;'&#10;&#9;&#13;&gt;\"><c>&lt;&amp;&gt;\"'&#13;\n</c>"
			    "<d></d><e>-142.80</e></s:a>");

	/* every character that a text can hold comes back, also in an attribute */
	for (int c = 1; c < 0x180; c++) {
		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
			continue;
		if (c >= 0x80)
			all[len++] = (char)(0xc0 | c >> 6);
		all[len++] = (char)(c < 0x80 ? c : 0x80 | (c & 0x3f));
	}
	all[len] = '\0';
	harmony__buf_clear(&buf);
	harmony__xml_begin(&w, &buf);
	harmony__xml_open(&w, "a");
	harmony__xml_put_attribute(&w, "b", all);
	harmony__xml_add_text(&w, all, len);
	harmony__xml_close(&w);
	assert_int_equal(harmony__xml_end(&w), HARMONY_OK);
	harmony__arena_init(&arena, context, 1 << 20);
	assert_int_equal(harmony__xml_parse(&root, &arena, buf.data, buf.len, NULL), HARMONY_OK);
	assert_string_equal(root->text, all);
	assert_string_equal(harmony__xml_attribute(root, "b"), all);
	harmony__arena_free(&arena);
	harmony__buf_free(&buf);
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
}

static void the_writer_refuses_characters_that_xml_lacks(void **state)
{
	static const char *const bad[] = {"\x01",     "a\x08z",       "\x1f",        "\xff",
					  "\xc3",     "\xed\xa0\x80", "\xef\xbf\xbe", "x\xef\xbf\xbf",
					  "\xc0\x80"};
	harmony_context *context = plain_context();

	for (size_t i = 0; i < 2 * HARMONY__COUNT(bad); i++) {
		harmony__xml_writer w;
		harmony__buf buf;

		harmony__buf_init(&buf, context, 1 << 20);
		harmony__xml_begin(&w, &buf);
		harmony__xml_open(&w, "a");
		if (i % 2)
			harmony__xml_put_attribute(&w, "b", bad[i / 2]);
		else
			harmony__xml_add_text(&w, bad[i / 2], strlen(bad[i / 2]));
		harmony__xml_close(&w);
		assert_int_equal(harmony__xml_end(&w), HARMONY_INVALID);
		harmony__buf_free(&buf);
	}
	harmony_context_free(context);
}

static void w_no_root(harmony__xml_writer *w)
{
}

static void w_unclosed(harmony__xml_writer *w)
{
	harmony__xml_open(w, "a");
}

static void w_two_roots(harmony__xml_writer *w)
{
	harmony__xml_put(w, "a", "");
	harmony__xml_put(w, "b", "");
}

static void w_text_outside(harmony__xml_writer *w)
{
	harmony__xml_add_text(w, "x", 1);
	harmony__xml_put(w, "a", "");
}

static void w_closed_too_often(harmony__xml_writer *w)
{
	harmony__xml_put(w, "a", "");
	harmony__xml_close(w);
}

static void w_late_attribute(harmony__xml_writer *w)
{
	harmony__xml_open(w, "a");
	harmony__xml_add_text(w, "x", 1);
	harmony__xml_put_attribute(w, "b", "1");
	harmony__xml_close(w);
}

static void w_same_attribute(harmony__xml_writer *w)
{
	harmony__xml_open(w, "a");
	harmony__xml_put_attribute(w, "b", "1");
	harmony__xml_put_attribute(w, "b", "1");
	harmony__xml_close(w);
}

static void w_bad_name(harmony__xml_writer *w)
{
	harmony__xml_put(w, "a b", "");
}

static void w_no_name(harmony__xml_writer *w)
{
	harmony__xml_put(w, "", "");
}

static void w_two_prefixes(harmony__xml_writer *w)
{
	harmony__xml_put(w, "a:b:c", "");
}

static void w_empty_prefix(harmony__xml_writer *w)
{
	harmony__xml_put(w, ":b", "");
}

static void w_declared_twice(harmony__xml_writer *w)
{
	harmony__xml_declare(w);
	harmony__xml_declare(w);
	harmony__xml_put(w, "a", "");
}

static void w_declared_late(harmony__xml_writer *w)
{
	harmony__xml_put(w, "a", "");
	harmony__xml_declare(w);
}

static void the_writer_refuses_what_is_not_well_formed(void **state)
{
	static void (*const bad[])(harmony__xml_writer *) = {
		w_no_root,        w_unclosed,       w_two_roots,  w_text_outside,
		w_closed_too_often, w_late_attribute, w_same_attribute, w_bad_name,
		w_no_name,        w_two_prefixes,   w_empty_prefix, w_declared_twice,
		w_declared_late};
	harmony_context *context = plain_context();
	harmony__xml_writer w;
	harmony__buf buf;

	for (size_t i = 0; i < HARMONY__COUNT(bad); i++) {
		harmony__buf_init(&buf, context, 1 << 20);
		harmony__xml_begin(&w, &buf);
		bad[i](&w);
		if (harmony__xml_end(&w) != HARMONY_STATE)
			fail_msg("case %zu: %s", i, buf.data ? buf.data : "");
		harmony__buf_free(&buf);
	}
	harmony__buf_init(&buf, context, 1 << 20);
	harmony__xml_begin(&w, &buf);
	for (size_t i = 0; i <= HARMONY_MAX_XML_DEPTH; i++)
		harmony__xml_open(&w, "a");
	assert_int_equal(harmony__xml_end(&w), HARMONY_LIMIT);
	harmony__buf_free(&buf);
	harmony__buf_init(&buf, context, 8);
	harmony__xml_begin(&w, &buf);
	harmony__xml_put(&w, "much", "too long");
	assert_int_equal(harmony__xml_end(&w), HARMONY_LIMIT);
	harmony__buf_free(&buf);
	harmony_context_free(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_order_at_every_split),
		cmocka_unit_test(events_are_the_same_across_blocks),
		cmocka_unit_test(a_truncated_document_is_an_error_at_every_byte),
		cmocka_unit_test(what_is_not_xml_is_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(a_callback_can_end_it),
		cmocka_unit_test(an_ended_document_takes_no_more),
		cmocka_unit_test(one_reader_feeds_another),
		cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
		cmocka_unit_test(a_tree_answers),
		cmocka_unit_test(what_a_tree_cannot_hold_is_refused),
		cmocka_unit_test(the_writer_writes),
		cmocka_unit_test(the_writer_refuses_characters_that_xml_lacks),
		cmocka_unit_test(the_writer_refuses_what_is_not_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
