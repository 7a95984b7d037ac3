/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIMITS_H
#define HARMONY_LIMITS_H

/* Every size that bounds a buffer or a nesting, in one place. A parser that
   meets more than this reports it and goes on behind the damage; none of them
   is a build option, so that two builds read a file alike. Bytes unless the
   name says otherwise. */

#define HARMONY_MAX_ROW (1024u * 1024u)        /* one row of a CSV file */
#define HARMONY_MAX_FIELD (64u * 1024u)        /* one field of a CSV file */
#define HARMONY_MAX_COLUMNS 256u               /* fields in a row */
#define HARMONY_DETECT_WINDOW (64u * 1024u)    /* looked at before the dialect is decided */
#define HARMONY_MAX_ENTRY_LINES 99999u         /* lines of one entry (Exact's own maximum) */
#define HARMONY_MAX_ENTRY (48u * 1024u * 1024u) /* memory of one record, lines and texts together */
#define HARMONY_MAX_RUNS 57344u                /* runs of entry numbers kept to find duplicates: 1 MiB */
#define HARMONY_MAX_TEXT (64u * 1024u)         /* one text of a record */
#define HARMONY_MAX_JSON_DEPTH 64u             /* nested arrays and objects */
#define HARMONY_MAX_JSON_LINE (24u * 1024u * 1024u) /* one JSON document */
#define HARMONY_MAX_JSON_STRING (1024u * 1024u) /* one string, decoded */
#define HARMONY_MAX_JSON_KEY 1024u              /* one key, decoded */
#define HARMONY_MAX_JSON_NUMBER 128u            /* one number, as written */
#define HARMONY_MAX_JSON_MEMBERS 4096u          /* keys in one object */
#define HARMONY_MAX_XML_DEPTH 64u              /* nested elements */
#define HARMONY_MAX_XML_DOCUMENT (16u * 1024u * 1024u) /* one XML document */
#define HARMONY_MAX_XML_ATTRIBUTES 64u         /* attributes of one element */
#define HARMONY_MAX_XML_TAG (64u * 1024u)      /* name and attributes of one element */
#define HARMONY_MAX_XML_TEXT (1024u * 1024u)   /* one text that is kept */
#define HARMONY_MAX_XML_MEMORY (1024u * 1024u) /* what the parser itself may hold */
#define HARMONY_MAX_RESPONSE (16u * 1024u * 1024u) /* one decoded HTTP body */
#define HARMONY_MAX_INTAKE (1024u * 1024u * 1024u) /* one file taken into a store */

#endif
