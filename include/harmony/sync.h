/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_SYNC_H
#define HARMONY_SYNC_H

#include <harmony/connector.h>
#include <harmony/record.h>

#endif
