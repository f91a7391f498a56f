// SPDX-License-Identifier: LGPL-2.1-or-later
/* Anonymous memory that is handed to other processes, with its size and writability sealed. */
#pragma once

#include <stddef.h>

/*
 * Creates a memfd of size bytes, maps it writable into this process, then seals it
 * F_SEAL_FUTURE_WRITE|GROW|SHRINK|SEAL: this mapping stays writable, nobody can ever make another
 * one, write() to it or reopen it for writing. *ret_map belongs to the caller (munmap).
 * Returns the descriptor or -errno.
 */
int memfd_create_single_writer(const char *name, size_t size, void **ret_map);

/*
 * Creates a memfd of size bytes whose size is sealed (GROW|SHRINK|SEAL) but which every holder may
 * map writable: the counters page of a session. Returns the descriptor or -errno.
 */
int memfd_create_shared(const char *name, size_t size, void **ret_map);

/* Whether fd is a memfd of exactly this size which no holder can write: -EPERM when its seals say
 * otherwise, -EPROTO when its size differs. */
int memfd_verify_read_only(int fd, size_t size);
/* The size of a memfd, or -errno. */
long memfd_size(int fd);
