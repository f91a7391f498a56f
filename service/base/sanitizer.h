// SPDX-License-Identifier: LGPL-2.1-or-later
/* WITH_SANITIZER is defined in a build for AddressSanitizer, of either compiler: it needs system
 * calls, threads and memory of its own, which confinement has to leave to it. */
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
