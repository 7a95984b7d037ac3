/* SPDX-License-Identifier: MIT */
#include "fmuta6/fmuta6.h"

/* debitr.csv and credit.csv: one relation a row. */

static void take_field(harmony_fmuta6 *r, int index)
{
	const harmony__column *column = r->columns[index];
	harmony__value value;
	harmony__spot spot;

	if (!column) {
		if (r->extra_told || index == r->company_index)
			return;
		r->extra_told = true;
		spot = harmony__spot_here(r, index);
		harmony__report(r, &spot, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE,
		                "no column of this format, so it is left out, here and in every other "
		                "row");
	} else if (harmony__read_value(r, &value, column, index)) {
		r->record->value[column->field] = value;
		harmony__mark(r->record, column->field);
	}
}

void harmony__party_row(harmony_fmuta6 *r)
{
	harmony_record *last = r->record;
	harmony__spot spot = harmony__spot_here(r, -1);

	r->record = r->spare;
	r->spare = last;
	r->entry.skip = false;
	r->entry.open = true;
	r->at = HARMONY_HEADER;
	harmony__forget_failures(r);
	harmony_record_reset(r->record, r->layout->file_kind == HARMONY_FILE_CUSTOMERS
	                                        ? HARMONY_CUSTOMER
	                                        : HARMONY_SUPPLIER);
	r->record->file = r->file;
	r->record->source_line = r->row->line;
	if (r->row->flags & HARMONY_CSV_DAMAGED)
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_DAMAGED_ROW,
		                "the row cannot be split into fields: %s; correct it and offer the "
		                "relation again",
		                r->row->reason ? r->row->reason : "it is damaged");
	if (harmony__begin_row(r, r->row))
		for (size_t i = 0; i < r->row->count && i < HARMONY_MAX_COLUMNS; i++)
			if (r->row->fields[i].len > 0)
				take_field(r, (int)i);
	harmony__check_record(r);
	harmony__fmuta6_emit(r);
}
