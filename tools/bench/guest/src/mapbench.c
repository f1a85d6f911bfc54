// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapbench THREADS PAGES SECONDS: run the kernel's dma_map_benchmark on the device that
 * it is bound to. Prints map= and unmap=, in nanoseconds.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* As in the kernel's uapi/linux/map_benchmark.h */
struct map_benchmark {
	uint64_t avg_map_100ns, map_stddev, avg_unmap_100ns, unmap_stddev;
	uint32_t threads, seconds;
	int32_t node;
	uint32_t dma_bits, dma_dir, dma_trans_ns, granule;
	uint8_t map_mode, expansion[75];
};

#define DMA_MAP_BENCHMARK	_IOWR('d', 1, struct map_benchmark)

int main(int argc, char **argv)
{
	struct map_benchmark b = { .node = -1, .dma_bits = 64 };
	int fd = open("/sys/kernel/debug/dma_map_benchmark", O_RDWR);

	if (argc != 4 || fd < 0) {
		perror("/sys/kernel/debug/dma_map_benchmark");
		return 1;
	}
	b.threads = atoi(argv[1]);
	b.granule = atoi(argv[2]);
	b.seconds = atoi(argv[3]);
	if (ioctl(fd, DMA_MAP_BENCHMARK, &b)) {
		perror("DMA_MAP_BENCHMARK");
		return 1;
	}
	printf("map=%llu unmap=%llu\n", (unsigned long long)b.avg_map_100ns * 100,
	       (unsigned long long)b.avg_unmap_100ns * 100);
	return 0;
}
