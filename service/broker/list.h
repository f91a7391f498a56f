// SPDX-License-Identifier: LGPL-2.1-or-later
/* Intrusive doubly linked lists. A head is a struct list that links to itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(head)                          \
	{                                        \
		.next = &(head), .prev = &(head) \
	}

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_append(struct list *head, struct list *item)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

/* An item that has been removed is a list of its own: removing it again does nothing. */
static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#define list_entry(item, type, member) ((type *)(void *)((char *)(item)-offsetof(type, member)))

#define list_for_each(entry, head, member)                                 \
	for ((entry) = list_entry((head)->next, typeof(*(entry)), member); \
	     &(entry)->member != (head);                                   \
	     (entry) = list_entry((entry)->member.next, typeof(*(entry)), member))

/* The entry itself, and no other, may be removed meanwhile. */
#define list_for_each_safe(entry, tmp, head, member)                            \
	for ((entry) = list_entry((head)->next, typeof(*(entry)), member),      \
	    (tmp) = list_entry((entry)->member.next, typeof(*(entry)), member); \
	     &(entry)->member != (head);                                        \
	     (entry) = (tmp), (tmp) = list_entry((entry)->member.next, typeof(*(entry)), member))
