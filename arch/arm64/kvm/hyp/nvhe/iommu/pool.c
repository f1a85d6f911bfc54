// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for IOMMUs: blocks that the host has donated and can reclaim.
 *
 * The host donates naturally aligned blocks of 1 << order pages. A block's order is
 * in the struct hyp_page of its first page. A free block is on the list of its order;
 * the link is in the block itself, which only the hypervisor can read. Blocks are
 * neither split nor merged, so the host reclaims exactly the blocks that it has
 * donated.
 *
 * Some table formats have 32 bits for the address of a table, so blocks below 4 GiB
 * have lists of their own. They are kept for these formats: others get one only if
 * no other block is free.
 *
 * Tables of less than a page are pieces of a block of order 0, all of one size,
 * KVM_IOMMU_PIECE_SIZE:
 *
 *	page  | used | free | used | free |	page->refcount = 2
 *		         \             \
 *	small_free <------+-------------+	links are in the free pieces
 *
 * When all pieces of a page are free, the page is a free block again.
 *
 * A free block contains links and old data of the host or of tables. It is cleared
 * when it is allocated, before a table walker can read it, and before it is returned
 * to the host.
 */

#include <linux/kvm_host.h>
#include <linux/list.h>
#include <linux/string.h>

#include <asm/kvm_mmu.h>

#include <nvhe/iommu.h>
#include <nvhe/mem_protect.h>
#include <nvhe/memory.h>

#define PIECES_PER_PAGE		(PAGE_SIZE / KVM_IOMMU_PIECE_SIZE)

struct pool_block {
	struct pool_block	*next;
};

struct pool_list {
	struct pool_block	*free;
	u64			nr_free;	/* blocks */
};

static struct {
	hyp_spinlock_t		lock;
	struct pool_list	high[KVM_IOMMU_MAX_ORDER + 1];
	struct pool_list	low[KVM_IOMMU_MAX_ORDER + 1];	/* below 4 GiB */
	u64			nr_used[KVM_IOMMU_MAX_ORDER + 1];	/* blocks */
	struct list_head	small_free;
} pool = {
	.small_free = LIST_HEAD_INIT(pool.small_free),
};

static bool order_is_valid(u32 order)
{
	return order == 0 || order == KVM_IOMMU_MAX_ORDER;
}

static void pool_push(struct pool_block *block)
{
	u8 order = hyp_virt_to_page(block)->order;
	struct pool_list *list;

	hyp_assert_lock_held(&pool.lock);

	list = upper_32_bits(hyp_virt_to_phys(block)) ? &pool.high[order] : &pool.low[order];
	block->next = list->free;
	list->free = block;
	list->nr_free++;
}

static struct pool_block *pool_pop(struct pool_list *list)
{
	struct pool_block *block = list->free;

	hyp_assert_lock_held(&pool.lock);

	if (block) {
		list->free = block->next;
		list->nr_free--;
	}

	return block;
}

/**
 * __pkvm_iommu_topup() - take a block of memory from the host
 * @pfn: its first page, aligned to the block's size
 * @order: the block has 1 << @order pages
 *
 * Return: 0, -ENODEV if there is no driver, -EINVAL for an invalid argument, or an
 * error of __pkvm_host_donate_hyp().
 */
int __pkvm_iommu_topup(u64 pfn, u32 order)
{
	void *block = hyp_phys_to_virt(hyp_pfn_to_phys(pfn));
	int ret;

	if (!kvm_hyp_iommu_has_driver())
		return -ENODEV;
	if (!order_is_valid(order) || !IS_ALIGNED(pfn, BIT(order)))
		return -EINVAL;

	ret = __pkvm_host_donate_hyp(pfn, BIT(order));
	if (ret)
		return ret;

	hyp_virt_to_page(block)->order = order;

	hyp_spin_lock(&pool.lock);
	pool_push(block);
	hyp_spin_unlock(&pool.lock);

	return 0;
}

/**
 * __pkvm_iommu_reclaim() - return a free block to the host
 * @order: order of the block, as it was donated
 * @pfn: set to the first page of the block
 *
 * Return: 0, -ENODEV if there is no driver, -EINVAL for an invalid order, -ENOENT if no
 * such block is free.
 */
int __pkvm_iommu_reclaim(u32 order, u64 *pfn)
{
	struct pool_block *block;

	if (!kvm_hyp_iommu_has_driver())
		return -ENODEV;
	if (!order_is_valid(order))
		return -EINVAL;

	hyp_spin_lock(&pool.lock);
	block = pool_pop(&pool.high[order]) ?: pool_pop(&pool.low[order]);
	hyp_spin_unlock(&pool.lock);

	if (!block)
		return -ENOENT;

	*pfn = hyp_virt_to_pfn(block);
	hyp_virt_to_page(block)->order = 0;
	memset(block, 0, PAGE_SIZE << order);
	/* Tables were cleaned to memory for non-coherent walkers: overwrite them there. */
	kvm_flush_dcache_to_poc(block, PAGE_SIZE << order);

	WARN_ON(__pkvm_hyp_donate_host(*pfn, BIT(order)));

	return 0;
}

static struct pool_block *pool_get(u8 order, bool low)
{
	struct pool_block *block = NULL;

	hyp_assert_lock_held(&pool.lock);

	if (!low)
		block = pool_pop(&pool.high[order]);
	if (!block)
		block = pool_pop(&pool.low[order]);
	if (block)
		pool.nr_used[order]++;

	return block;
}

static void pool_put(void *addr)
{
	pool.nr_used[hyp_virt_to_page(addr)->order]--;
	pool_push(addr);
}

static void *donate_pages(u8 order, bool low)
{
	struct pool_block *block;

	hyp_spin_lock(&pool.lock);
	block = pool_get(order, low);
	hyp_spin_unlock(&pool.lock);

	if (block)
		memset(block, 0, PAGE_SIZE << order);

	return block;
}

/**
 * kvm_iommu_donate_pages() - allocate a block that the host has donated
 * @order: 0 or KVM_IOMMU_MAX_ORDER
 *
 * Return: a zeroed, naturally aligned block, or NULL if none is free.
 */
void *kvm_iommu_donate_pages(u8 order)
{
	return donate_pages(order, false);
}

/**
 * kvm_iommu_donate_low_pages() - allocate a block below 4 GiB
 * @order: 0 or KVM_IOMMU_MAX_ORDER
 *
 * Return: a zeroed, naturally aligned block, or NULL if none is free.
 */
void *kvm_iommu_donate_low_pages(u8 order)
{
	return donate_pages(order, true);
}

/**
 * kvm_iommu_reclaim_pages() - free a block
 * @addr: from kvm_iommu_donate_pages() or kvm_iommu_donate_low_pages()
 */
void kvm_iommu_reclaim_pages(void *addr)
{
	hyp_spin_lock(&pool.lock);
	pool_put(addr);
	hyp_spin_unlock(&pool.lock);
}

/**
 * kvm_iommu_donate_piece() - allocate a piece of a page below 4 GiB
 *
 * Return: KVM_IOMMU_PIECE_SIZE zeroed bytes, aligned to their size, or NULL.
 */
void *kvm_iommu_donate_piece(void)
{
	struct list_head *piece;
	void *page;
	int i;

	hyp_spin_lock(&pool.lock);

	if (list_empty(&pool.small_free)) {
		page = pool_get(0, true);
		for (i = 0; page && i < PIECES_PER_PAGE; i++)
			list_add_tail(page + i * KVM_IOMMU_PIECE_SIZE, &pool.small_free);
	}

	piece = list_empty(&pool.small_free) ? NULL : pool.small_free.next;
	if (piece) {
		list_del(piece);
		hyp_virt_to_page(piece)->refcount++;
	}

	hyp_spin_unlock(&pool.lock);

	if (piece)
		memset(piece, 0, KVM_IOMMU_PIECE_SIZE);

	return piece;
}

/**
 * kvm_iommu_reclaim_piece() - free a piece of a page
 * @addr: from kvm_iommu_donate_piece()
 */
void kvm_iommu_reclaim_piece(void *addr)
{
	struct hyp_page *p = hyp_virt_to_page(addr);
	void *page = (void *)((unsigned long)addr & PAGE_MASK);
	int i;

	hyp_spin_lock(&pool.lock);

	list_add(addr, &pool.small_free);
	if (!--p->refcount) {
		for (i = 0; i < PIECES_PER_PAGE; i++)
			list_del(page + i * KVM_IOMMU_PIECE_SIZE);
		pool_put(page);
	}

	hyp_spin_unlock(&pool.lock);
}

/* Read one of the pool's counters, see enum kvm_iommu_stat. */
int kvm_hyp_iommu_pool_stat(u64 index, u64 *val)
{
	unsigned int order;
	int ret = 0;

	*val = 0;

	hyp_spin_lock(&pool.lock);
	switch (index) {
	case KVM_IOMMU_STAT_FREE_ORDER0:
		*val = pool.high[0].nr_free + pool.low[0].nr_free;
		break;
	case KVM_IOMMU_STAT_FREE_ORDER2:
		*val = pool.high[KVM_IOMMU_MAX_ORDER].nr_free +
		       pool.low[KVM_IOMMU_MAX_ORDER].nr_free;
		break;
	case KVM_IOMMU_STAT_DONATED_PAGES:
		for (order = 0; order <= KVM_IOMMU_MAX_ORDER; order++)
			*val += (pool.high[order].nr_free + pool.low[order].nr_free) << order;
		fallthrough;
	case KVM_IOMMU_STAT_TABLE_PAGES:
		for (order = 0; order <= KVM_IOMMU_MAX_ORDER; order++)
			*val += pool.nr_used[order] << order;
		break;
	default:
		ret = -EINVAL;
	}
	hyp_spin_unlock(&pool.lock);

	return ret;
}
