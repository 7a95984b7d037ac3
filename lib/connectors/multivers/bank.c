/* SPDX-License-Identifier: MIT */
#include "connectors/multivers/multivers.h"

/* Bank accounts are things of their own, of an organization that a relation belongs to. */

typedef struct bank_search {
	const char *iban;
	bool found;
} bank_search;

static harmony_status look_for_bank(const harmony__json *row, void *user)
{
	bank_search *s = user;

	s->found = s->found ||
		   harmony__same_bank(harmony__json_text(harmony__json_get(row, "iban"), ""), s->iban);
	return HARMONY_OK;
}

const char *multivers_bank_of(const multivers *m, const harmony_record *record)
{
	bool omit = m->no_banks && harmony_record_kind(record) == HARMONY_SUPPLIER;

	return omit ? "" : harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_BANK_ACCOUNT);
}

harmony_status multivers_has_bank(bool *has, multivers *m, int table, const char *code,
				  const char *iban, harmony_error *error)
{
	bank_search s = {iban, false};
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony__buf path;
	harmony_status status;

	harmony__buf_init(&path, m->frame.context, 1024);
	harmony__buf_printf(&path, "BankAccountInfoList/By%sId/", multivers_party_name(table));
	multivers_segment(&path, code, m->plain_escape);
	status = harmony__buf_check(&path, "a request", error);
	if (status == HARMONY_OK)
		status = multivers_list(m, path.data, "Iban", "bank accounts", NULL, look_for_bank,
					&s, &mine);
	if (status == HARMONY_REJECTED && table == MULTIVERS_SUPPLIERS)
		status = harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "%s; set supplier_banks = omit where Multivers has no list of "
		    "bank accounts of suppliers",
		    mine.message);
	else
		harmony__error_give(error, &mine);
	harmony__buf_free(&path);
	*has = s.found;
	return status;
}

harmony_status multivers_bank_body(harmony__buf *body, const harmony_record *record,
				   const char *organization, harmony_error *error)
{
	bool digits = *organization && strspn(organization, "0123456789") == strlen(organization);
	harmony__json_writer w;
	char iban[HARMONY__BANK_SIZE];
	harmony_status status;

	harmony__bank_number(iban,
			     harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_BANK_ACCOUNT));
	harmony__json_begin(&w, harmony__buf_write, body);
	harmony__json_object(&w);
	harmony__json_key(&w, "organizationId");
	if (digits)
		harmony__json_raw_number(&w, organization, strlen(organization));
	else
		harmony__json_string(&w, organization, strlen(organization));
	harmony__json_put(&w, "iban", iban);
	harmony__json_put(&w, "accountholderName",
			  harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_NAME));
	harmony__json_object_end(&w);
	status = harmony__json_end(&w);
	return status == HARMONY_OK
		   ? status
		   : harmony_error_set(error, status, NULL, "the bank account's request");
}

/* The relation is not done before its bank account is. */
static void no_organization(harmony_verdict *verdict, const char *id)
{
	harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, "vendor", "bank_account",
			    "the relation is in Multivers, which does not say the organization "
			    "that its bank account would belong to; add the account there, and "
			    "take it off the record or set supplier_banks = omit");
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), id, strlen(id));
}

harmony_status multivers_offer_bank(multivers *m, const harmony_record *record,
				    const multivers_thing *party, bool fresh,
				    harmony_verdict *verdict, harmony_error *error)
{
	int table = multivers_party_table(harmony_record_kind(record));
	const char *iban = multivers_bank_of(m, record);
	harmony_verdict of_bank = HARMONY_VERDICT_INIT;
	const harmony__json *root;
	multivers_message message;
	harmony__arena arena;
	harmony__buf body;
	bool has = false, unsure = false;
	harmony_status status = HARMONY_OK;

	if (!*party->organization) {
		no_organization(verdict, party->thing.id);
		return HARMONY_OK;
	}
	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&body, m->frame.context, 4096);
	if (!fresh)
		status = multivers_has_bank(&has, m, table, party->thing.id, iban, error);
	if (status == HARMONY_OK && !has)
		status = multivers_bank_body(&body, record, party->organization, error);
	if (status == HARMONY_OK && !has)
		status = multivers_send(m, "POST", "BankAccount", "BankAccount", &body, &arena,
					&root, record, &message, &unsure, &of_bank, error);
	if (status == HARMONY_OK && unsure)
		status = multivers_has_bank(&has, m, table, party->thing.id, iban, error);
	harmony__buf_free(&body);
	harmony__arena_free(&arena);
	if (status != HARMONY_OK) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_WAITING, "network", "bank_account",
				    "the relation is in Multivers, its bank account not yet; it "
				    "is offered again by itself");
		return status;
	}
	if (has || of_bank.outcome == HARMONY_OUTCOME_BOOKED)
		return HARMONY_OK;
	harmony__copy_text(of_bank.remote_id, sizeof(of_bank.remote_id), party->thing.id,
			   strlen(party->thing.id));
	*verdict = of_bank;
	if (of_bank.outcome == HARMONY_OUTCOME_REJECTED)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, "vendor", "bank_account",
				    "the relation is in Multivers, its bank account was refused; "
				    "correct the bank account and offer it again");
	return HARMONY_OK;
}
