/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_VERSION_H
#define HARMONY_VERSION_H

/* The API version. meson.build reads these three, so the SONAME and the
   pkg-config file cannot differ from the header. */
#define HARMONY_VERSION_MAJOR 0
#define HARMONY_VERSION_MINOR 1
#define HARMONY_VERSION_PATCH 0

/* One comparable integer: 1.2.3 is 0x010203. */
#define HARMONY_VERSION_NUMBER                                                 \
	((HARMONY_VERSION_MAJOR << 16) | (HARMONY_VERSION_MINOR << 8) |        \
	 HARMONY_VERSION_PATCH)

#endif
