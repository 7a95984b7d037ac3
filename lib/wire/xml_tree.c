/* SPDX-License-Identifier: MIT */
#include "wire/xml.h"

/* Elements in an arena, and what can be asked of them. */

void harmony__xml_builder_init(harmony__xml_builder *builder, harmony__arena *arena)
{
	memset(builder, 0, sizeof(*builder));
	builder->arena = arena;
	builder->open[0] = &builder->top;
	harmony__buf_init(&builder->text, arena->context, HARMONY_MAX_XML_TEXT);
}

void harmony__xml_builder_free(harmony__xml_builder *builder)
{
	harmony__buf_free(&builder->text);
}

static harmony_status no_room(const harmony__xml_builder *builder)
{
	return builder->arena->over ? HARMONY_LIMIT : HARMONY_NOMEM;
}

static const char *const *keep_attributes(harmony__arena *arena, const char *const *given)
{
	static const char *const none[] = {NULL};
	const char **kept;
	size_t count = 0;

	while (given[count])
		count++;
	if (count == 0)
		return none;
	kept = harmony__arena_alloc(arena, (count + 1) * sizeof(*kept));
	for (size_t i = 0; kept && i < count; i++) {
		kept[i] = harmony__arena_text(arena, given[i], strlen(given[i]));
		if (!kept[i])
			return NULL;
	}
	if (kept)
		kept[count] = NULL;
	return (const char *const *)kept;
}

static harmony_status start(harmony__xml_builder *builder, const harmony__xml_event *event)
{
	harmony__arena *arena = builder->arena;
	harmony__xml *parent = builder->open[builder->depth], *last = builder->last[builder->depth];
	harmony__xml *element;

	if (builder->depth >= HARMONY_MAX_XML_DEPTH)
		return HARMONY_LIMIT;
	element = harmony__arena_alloc(arena, sizeof(*element));
	if (!element)
		return no_room(builder);
	*element = (harmony__xml){.text = "", .parent = builder->depth ? parent : NULL};
	element->name = harmony__arena_text(arena, event->name, strlen(event->name));
	element->attributes = keep_attributes(arena, event->attributes);
	if (!element->name || !element->attributes)
		return no_room(builder);
	if (last)
		last->next = element;
	else
		parent->first = element;
	parent->count++;
	builder->last[builder->depth] = element;
	builder->open[++builder->depth] = element;
	builder->last[builder->depth] = NULL;
	harmony__buf_clear(&builder->text);
	return HARMONY_OK;
}

/* A text counts where there is nothing else inside: what stands between elements is layout. */
static harmony_status end(harmony__xml_builder *builder)
{
	harmony__xml *element = builder->open[builder->depth--];

	if (!element->first && builder->text.len > 0) {
		element->text = harmony__arena_text(builder->arena, builder->text.data,
						    builder->text.len);
		if (!element->text)
			return no_room(builder);
	}
	harmony__buf_clear(&builder->text);
	return HARMONY_OK;
}

harmony_status harmony__xml_build(const harmony__xml_event *event, void *user)
{
	harmony__xml_builder *builder = user;

	switch (event->type) {
	case HARMONY__XML_START:
		return start(builder, event);
	case HARMONY__XML_END:
		return end(builder);
	default:
		if (builder->open[builder->depth]->first)
			return HARMONY_OK;
		return harmony__buf_add(&builder->text, event->text, event->len);
	}
}

const harmony__xml *harmony__xml_built(const harmony__xml_builder *builder)
{
	return builder->depth == 0 ? builder->top.first : NULL;
}

harmony_status harmony__xml_parse(const harmony__xml **out, harmony__arena *arena, const void *data,
				  size_t len, harmony_error *error)
{
	harmony__xml_builder builder;
	harmony__xml_reader *reader;
	harmony_status status;

	*out = NULL;
	harmony__xml_builder_init(&builder, arena);
	status = harmony__xml_reader_new(&reader, arena->context, harmony__xml_build, &builder);
	if (status == HARMONY_OK)
		status = harmony__xml_reader_feed(reader, data, len, error);
	if (status == HARMONY_OK)
		status = harmony__xml_reader_finish(reader, error);
	harmony__xml_reader_free(reader);
	if (status == HARMONY_OK)
		*out = harmony__xml_built(&builder);
	else if (status == HARMONY_NOMEM)
		harmony__nomem(error);
	else if (status == HARMONY_LIMIT)
		harmony_error_set(error, status, NULL,
				  "the document holds more than can be taken in");
	harmony__xml_builder_free(&builder);
	return status;
}

/* ---- asking -------------------------------------------------------------------------- */

const harmony__xml *harmony__xml_child(const harmony__xml *element, const char *name)
{
	if (!element)
		return NULL;
	for (element = element->first; element; element = element->next)
		if (strcmp(element->name, name) == 0)
			return element;
	return NULL;
}

const harmony__xml *harmony__xml_sibling(const harmony__xml *element)
{
	const char *name = element ? element->name : "";

	for (element = element ? element->next : NULL; element; element = element->next)
		if (strcmp(element->name, name) == 0)
			return element;
	return NULL;
}

const harmony__xml *harmony__xml_walk(const harmony__xml *element, const char *const *names)
{
	for (; element && *names; names++)
		element = harmony__xml_child(element, *names);
	return element;
}

const char *harmony__xml_text(const harmony__xml *element)
{
	return element ? element->text : "";
}

const char *harmony__xml_attribute(const harmony__xml *element, const char *name)
{
	for (size_t i = 0; element && element->attributes[i]; i += 2)
		if (strcmp(element->attributes[i], name) == 0)
			return element->attributes[i + 1];
	return NULL;
}
