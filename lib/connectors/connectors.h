/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_H
#define HARMONY_LIB_CONNECTORS_H

#include <harmony/connector.h>

#include "base/base.h"

/* One a folder; the table of registry.c says which of them this build has. */
extern const harmony_connector harmony__ledger;
extern const harmony_connector harmony__exact_online;

#endif
