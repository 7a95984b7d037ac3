/* SPDX-License-Identifier: MIT */
#include "csv/scan.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_X86 1
#include <immintrin.h>
#else
#define HAVE_X86 0
#endif

/* Sixty-four bytes become one word a character of interest, a bit a byte. A running xor
   of the quote bits tells what lies inside quotes, and what is left of the delimiters and
   line ends are the ends of fields.

   That holds for plain rows alone: every quote opens behind an end, closes before one, or
   is one of a pair inside quotes, which closes and opens again at once; no line end inside
   quotes, no NUL. Up to its first bit that breaks this rule a block is
   right; the row with that bit, and every row that a limit may concern, is left to the
   scalar scanner, which is therefore what defines the meaning. */

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

#define BLOCK 64

typedef struct masks {
	uint64_t delimiter, quote, cr, lf, nul;
	uint64_t high;  /* bytes of 0x80 and more */
	uint64_t pairs; /* quotes that follow a quote, inside quotes */
} masks;

typedef void (*classify_fn)(masks *out, const char *at, char delimiter, char quote);
typedef uint64_t (*inside_fn)(uint64_t quotes);

INLINE unsigned lowest(uint64_t bits)
{
#if defined(__GNUC__)
	return (unsigned)__builtin_ctzll(bits);
#else
	unsigned n = 0;
	while (!(bits >> n & 1))
		n++;
	return n;
#endif
}

/* ---- portable ------------------------------------------------------------------- */

#define EACH 0x0101010101010101u
#define LOW7 0x7f7f7f7f7f7f7f7fu

INLINE uint64_t load8(const char *at)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < 8; i++)
		word |= (uint64_t)(unsigned char)at[i] << (8 * i);
	return word;
}

/* The top bits of eight bytes, in their order. */
INLINE uint64_t gather(uint64_t tops)
{
	return ((tops >> 7 & EACH) * 0x0102040810204080u) >> 56;
}

INLINE uint64_t equal8(uint64_t word, char c)
{
	uint64_t x = word ^ (EACH * (unsigned char)c);

	return gather(~(((x & LOW7) + LOW7) | x | LOW7));
}

INLINE void classify_portable(masks *out, const char *at, char delimiter, char quote)
{
	*out = (masks){0};
	for (unsigned i = 0; i < BLOCK; i += 8) {
		uint64_t word = load8(at + i);
		out->delimiter |= equal8(word, delimiter) << i;
		out->quote |= equal8(word, quote) << i;
		out->cr |= equal8(word, '\r') << i;
		out->lf |= equal8(word, '\n') << i;
		out->nul |= equal8(word, '\0') << i;
		out->high |= gather(word) << i;
	}
}

/* Each bit: the xor of itself and all below it. */
INLINE uint64_t inside_portable(uint64_t quotes)
{
	for (unsigned shift = 1; shift < BLOCK; shift *= 2)
		quotes ^= quotes << shift;
	return quotes;
}

/* ---- x86 -------------------------------------------------------------------------- */

#if HAVE_X86
INLINE uint64_t join16(__m128i a, __m128i b, __m128i c, __m128i d)
{
	uint64_t low = (uint32_t)_mm_movemask_epi8(a) | (uint32_t)_mm_movemask_epi8(b) << 16;
	uint64_t high = (uint32_t)_mm_movemask_epi8(c) | (uint32_t)_mm_movemask_epi8(d) << 16;

	return low | high << 32;
}

#define EQUAL16(c)                                                                                 \
	join16(_mm_cmpeq_epi8(a, _mm_set1_epi8(c)), _mm_cmpeq_epi8(b, _mm_set1_epi8(c)),           \
	       _mm_cmpeq_epi8(d, _mm_set1_epi8(c)), _mm_cmpeq_epi8(e, _mm_set1_epi8(c)))

INLINE void classify_sse2(masks *out, const char *at, char delimiter, char quote)
{
	const __m128i *from = (const __m128i *)(const void *)at;
	__m128i a = _mm_loadu_si128(from), b = _mm_loadu_si128(from + 1);
	__m128i d = _mm_loadu_si128(from + 2), e = _mm_loadu_si128(from + 3);
	__m128i least = _mm_min_epu8(_mm_min_epu8(a, b), _mm_min_epu8(d, e));
	__m128i any = _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(d, e));

	out->delimiter = EQUAL16(delimiter);
	out->quote = EQUAL16(quote);
	out->cr = EQUAL16('\r');
	out->lf = EQUAL16('\n');
	out->nul = out->high = 0;
	if (_mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128())))
		out->nul = EQUAL16('\0');
	if (_mm_movemask_epi8(any))
		out->high = join16(a, b, d, e);
}

#define AVX2 __attribute__((target("avx2,pclmul,bmi,bmi2")))

AVX2 INLINE uint64_t join32(__m256i a, __m256i b)
{
	return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

#define EQUAL32(c)                                                                                 \
	join32(_mm256_cmpeq_epi8(a, _mm256_set1_epi8(c)), _mm256_cmpeq_epi8(b, _mm256_set1_epi8(c)))

AVX2 INLINE void classify_avx2(masks *out, const char *at, char delimiter, char quote)
{
	const __m256i *from = (const __m256i *)(const void *)at;
	__m256i a = _mm256_loadu_si256(from), b = _mm256_loadu_si256(from + 1);

	out->delimiter = EQUAL32(delimiter);
	out->quote = EQUAL32(quote);
	out->cr = EQUAL32('\r');
	out->lf = EQUAL32('\n');
	out->nul = EQUAL32('\0');
	out->high = join32(a, b);
}

AVX2 INLINE uint64_t inside_pclmul(uint64_t quotes)
{
	__m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)quotes),
	                                       _mm_set1_epi8((char)0xff), 0);

	return (uint64_t)_mm_cvtsi128_si64(product);
}
#endif

/* ---- rows --------------------------------------------------------------------------- */

/* What goes over from one block to the next. */
typedef struct walk {
	const char *row, *start;  /* the current row and field */
	harmony_csv_field *field; /* the next to be written */
	uint64_t inside;          /* all ones: the last byte was inside quotes */
	uint64_t edge;            /* 1: a field begins at the next byte */
	uint64_t closed;          /* 1: the last byte was a closing quote */
	uint64_t cr;              /* 1: the last byte was a CR that ended a row */
	uint64_t high, quotes;    /* not zero: the current row has such bytes */
	uint64_t pairs;           /* and quotes to be taken out */
} walk;

/* The fields that end at the bits of `ends`. Of a plain row, a field is quoted when a quote
   stands before its end; `quoted` has these bits. */
INLINE void put_fields(walk *w, const char *at, uint64_t ends, uint64_t quoted)
{
	harmony_csv_field *field = w->field;
	const char *start = w->start;

	for (; ends; ends &= ends - 1) {
		unsigned bit = lowest(ends);
		uint32_t quote = quoted >> bit & 1;
		field->text = start + quote;
		field->len = (uint32_t)(at + bit - start) - 2 * quote;
		field->flags = quote;
		field++;
		start = at + bit + 1;
	}
	w->field = field;
	w->start = start;
}

/* The row ends before w->start. Hands it on, unless it is a blank line, and begins the
   next one behind its line end, of which an LF may not be here yet. */
INLINE harmony_status put_row(walk *w, harmony_csv *csv, const char *limit)
{
	size_t count = (size_t)(w->field - csv->fields);
	bool blank = w->start == w->row + 1;
	unsigned flags = w->high ? HARMONY_CSV_HIGH : 0;
	const char *next = w->start;
	harmony_status status = HARMONY_OK;

	if (next[-1] == '\r') {
		csv->skip_lf = next == limit;
		next += next < limit && *next == '\n';
	}
	if (!blank) {
		csv->quotes_seen = csv->quotes_seen || w->quotes;
		if (w->pairs)
			status = harmony__csv_unescape(csv, w->row, (size_t)(w->start - w->row), count);
		if (status == HARMONY_OK)
			status = harmony__csv_deliver(csv, count, flags, NULL);
	}
	csv->line++;
	csv->offset += (uint64_t)(next - w->row);
	w->row = w->start = next;
	w->field = csv->fields;
	return status;
}

/* The fields and rows of one block; `ends` and `lines` are its live bits. False when the
   rest of the window is not for here: w->row is where to go on. */
INLINE bool put_block(walk *w, harmony_csv *csv, const char *at, const char *limit, masks *m,
                      uint64_t ends, uint64_t lines, uint64_t quoted, harmony_status *status)
{
	for (; lines; lines &= lines - 1) {
		uint64_t upto = lines ^ (lines - 1); /* the line end and all bits below it */

		put_fields(w, at, ends & upto, quoted);
		ends &= ~upto;
		w->high |= m->high & upto;
		w->quotes |= m->quote & upto;
		w->pairs |= m->pairs & upto;
		m->high &= ~upto;
		m->quote &= ~upto;
		m->pairs &= ~upto;
		if (w->field - csv->fields > (ptrdiff_t)HARMONY_MAX_COLUMNS)
			return false;
		*status = put_row(w, csv, limit);
		w->high = w->quotes = w->pairs = 0;
		if (*status != HARMONY_OK || (w->row < limit && *w->row == 0x1a))
			return false;
	}
	put_fields(w, at, ends, quoted);
	w->high |= m->high;
	w->quotes |= m->quote;
	w->pairs |= m->pairs;
	return w->field - csv->fields <= (ptrdiff_t)HARMONY_MAX_COLUMNS &&
	       at + BLOCK - w->row <= (ptrdiff_t)HARMONY_MAX_FIELD - BLOCK;
}

INLINE size_t split(harmony_csv *csv, const char *data, size_t len, harmony_status *status,
                    classify_fn classify, inside_fn inside_of)
{
	char delimiter = csv->options.delimiter, quote = csv->options.quote;
	bool quoting = quote != '\0';
	const char *limit = data + len;
	walk w = {.row = data, .start = data, .field = csv->fields, .edge = 1};

	for (const char *at = data; limit - at >= BLOCK; at += BLOCK) {
		masks m;
		uint64_t inside, ends, outer, odd, skip, before, quoted, paired;

		classify(&m, at, delimiter, quote);
		if (!quoting)
			m.quote = 0;
		inside = inside_of(m.quote) ^ w.inside; /* the opening quote, not the closing one */
		ends = m.delimiter | m.cr | m.lf;
		outer = ends & ~inside;
		quoted = m.quote << 1 | w.closed; /* behind a quote, or a closing one before */
		paired = m.quote >> 1 | UINT64_C(1) << 63; /* before a quote, or not known yet */
		m.pairs = m.quote & inside & quoted;
		odd = (m.quote & inside & ~(outer << 1 | w.edge | quoted)) |
		      (m.quote & ~inside & ~(outer >> 1 | paired)) |
		      (w.closed & ~(outer | m.quote)) | ((m.cr | m.lf) & inside) | m.nul;
		before = (odd & (0 - odd)) - 1; /* the bits below the first odd one */
		skip = m.lf & ((m.cr & ~inside) << 1 | w.cr);
		w.cr = (m.cr & ~inside) >> 63;
		w.edge = outer >> 63;
		w.closed = (m.quote & ~inside) >> 63;
		w.inside = 0 - (inside >> 63);
		outer &= before & ~skip;
		if (!put_block(&w, csv, at, limit, &m, outer, outer & (m.cr | m.lf), quoted,
		               status) ||
		    odd)
			break;
	}
	return (size_t)(w.row - data);
}

static size_t split_portable(harmony_csv *csv, const char *data, size_t len, harmony_status *status)
{
	return split(csv, data, len, status, classify_portable, inside_portable);
}

#if HAVE_X86
static size_t split_sse2(harmony_csv *csv, const char *data, size_t len, harmony_status *status)
{
	return split(csv, data, len, status, classify_sse2, inside_portable);
}

AVX2 static size_t split_avx2(harmony_csv *csv, const char *data, size_t len,
                              harmony_status *status)
{
	return split(csv, data, len, status, classify_avx2, inside_pclmul);
}

static bool have_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
	       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
#endif

/* ---- what a row holds ----------------------------------------------------------------- */

#if HAVE_X86
/* Four lengths at once: each is the third word of its field. */
INLINE uint64_t filled4(const harmony_csv_field *fields)
{
	const __m128i *from = (const __m128i *)(const void *)fields;
	__m128i ab = _mm_unpackhi_epi32(_mm_loadu_si128(from), _mm_loadu_si128(from + 1));
	__m128i cd = _mm_unpackhi_epi32(_mm_loadu_si128(from + 2), _mm_loadu_si128(from + 3));
	__m128i empty = _mm_cmpeq_epi32(_mm_unpacklo_epi64(ab, cd), _mm_setzero_si128());

	return (uint64_t)(~_mm_movemask_ps(_mm_castsi128_ps(empty)) & 15);
}

_Static_assert(sizeof(harmony_csv_field) == 16 && offsetof(harmony_csv_field, len) == 8,
               "filled4 knows where the length stands");
#else
INLINE uint64_t filled4(const harmony_csv_field *fields)
{
	uint64_t filled = 0;

	for (unsigned i = 0; i < 4; i++)
		filled |= (uint64_t)(fields[i].len != 0) << i;
	return filled;
}
#endif

uint64_t harmony__csv_filled(const harmony_csv_row *row)
{
	size_t count = row->count < 64 ? row->count : 64, i = 0;
	uint64_t filled = 0;

	for (; i + 4 <= count; i += 4)
		filled |= filled4(row->fields + i) << i;
	for (; i < count; i++)
		filled |= (uint64_t)(row->fields[i].len != 0) << i;
	return filled;
}

harmony__csv_block_fn harmony__csv_block(int scan)
{
	if (scan == HARMONY_CSV_SCAN_SCALAR)
		return NULL;
#if HAVE_X86
	if ((scan == HARMONY_CSV_SCAN_AUTO || scan == HARMONY_CSV_SCAN_AVX2) && have_avx2())
		return split_avx2;
	if (scan != HARMONY__CSV_SCAN_PORTABLE)
		return split_sse2;
#endif
	return split_portable;
}
