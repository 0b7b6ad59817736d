/* SPDX-License-Identifier: BSD-3-Clause */
/* Which sanitizer watches this build, as gcc and as clang tell it. */
#ifndef XTR_TEST_SANITIZER_H
#define XTR_TEST_SANITIZER_H

#if defined(__clang__)
#define ADDRESS_SANITIZER __has_feature(address_sanitizer)
#define THREAD_SANITIZER  __has_feature(thread_sanitizer)
#else
#ifdef __SANITIZE_ADDRESS__
#define ADDRESS_SANITIZER 1
#else
#define ADDRESS_SANITIZER 0
#endif
#ifdef __SANITIZE_THREAD__
#define THREAD_SANITIZER 1
#else
#define THREAD_SANITIZER 0
#endif
#endif

#endif
