// SPDX-License-Identifier: LGPL-2.1-or-later
/* Anonymous memory that is handed to other processes, with its size and writability sealed. */
#pragma once

#include <stdbool.h>
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

/*
 * Memory that can be taken back from whoever has it. Creates a memfd of size bytes, sealed
 * F_SEAL_GROW, that is written by pwrite() alone, never through a mapping. Returns the descriptor
 * or -errno.
 *
 * memfd_freeze(): nobody, its maker included, can write another byte into it; a write under way is
 * over before it returns, which is at once. memfd_take_back() then cuts it to nothing: reads of it
 * return 0 bytes, and the kernel takes its pages out of every mapping (who touches one gets
 * SIGBUS). How long that takes is up to whoever has mapped it how often: seconds, if it is meant
 * to. A write that is begun meanwhile fails only when that is over, since both take the inode's
 * lock: a writer who must not wait asks memfd_is_frozen(), which takes none, before each.
 *
 * Who may only read gets a descriptor of memfd_reopen_read_only(): a writer could hold the inode's
 * lock for as long as it likes (by a write() from memory that does not come), and its mode keeps
 * others than its maker's user from opening it again for writing.
 */
int memfd_create_revocable(const char *name, size_t size);
int memfd_freeze(int fd);
bool memfd_is_frozen(int fd); /* so too if it is no memfd */
int memfd_take_back(int fd);
int memfd_reopen_read_only(int fd);

/* Whether fd is such memory of exactly this size: -EPERM when its seals say otherwise, -EPROTO when
 * its size differs. */
int memfd_verify_revocable(int fd, size_t size);

/* The size of a memfd, or -errno. */
long memfd_size(int fd);
