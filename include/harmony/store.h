/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_STORE_H
#define HARMONY_STORE_H

#include <harmony/connector.h>
#include <harmony/record.h>

#endif
