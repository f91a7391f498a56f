// SPDX-License-Identifier: GPL-2.0-only
/*
 * The DMA heap core and its system heap as one module. Debian builds neither, and the core does not
 * export dma_heap_add(), so that they cannot be two.
 */
#include <linux/init.h>
#include <linux/module.h>

/* The core would register itself; it is called below, before the heap that needs it. */
#undef subsys_initcall
#define subsys_initcall(function)
#include "dma-heap.c"

#undef module_init
#define module_init(function)                  \
	static int __init dma_heaps_init(void) \
	{                                      \
		int r = dma_heap_init();       \
                                               \
		return r ? r : function();     \
	}                                      \
	int init_module(void) __copy(dma_heaps_init) __attribute__((alias("dma_heaps_init")));
#include "system_heap.c"

MODULE_IMPORT_NS(DMA_BUF);
