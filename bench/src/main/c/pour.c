// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/*
 * pour: makes a veth pair "wire" and "far" in the network namespace that it is started in, and a larval SA that CPU 1 owns.
 * For each number that it reads on stdin it pours so many frames of that SA into "wire" from CPU 0, and answers with
 *
 *   SECONDS REFUSED STACK0 STACK1
 *
 * REFUSED are the frames that came as far as IP and were refused there, because this kernel has no ESP (or the SA no key);
 * STACK0 and STACK1 those that began their way up the stack on CPU 0 and on CPU 1, of all interfaces of this machine.
 *
 * The sender is an XDP program that the kernel runs for frames it makes itself (BPF_F_TEST_XDP_LIVE_FRAMES) and that
 * redirects them out of "far": nothing cheaper brings frames through a driver. It and the thread of the CPUMAP have their CPUs for
 * themselves meanwhile (SCHED_FIFO), or the rate would be that of whatever else the machine does.
 */

#include "larval.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <time.h>

#define SPI 0x71D59B81
#define SENDER 0
#define OWNER 1
#define BATCH 64

static int program_to(int ifindex)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "pour", "GPL", insns, sizeof(insns) / sizeof(*insns), NULL);

	if (program < 0)
		fail("loading the sender");
	return program;
}

static void address_to(unsigned char *frame, const char *device)
{
	struct ifreq request = { 0 };
	int any = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	if (ioctl(any, SIOCGIFHWADDR, &request))
		fail(device);
	memcpy(frame, request.ifr_hwaddr.sa_data, ETH_ALEN);
	close(any);
}

static void let_preempt(pid_t pid)
{
	struct sched_param first = { .sched_priority = 1 };

	if (sched_setscheduler(pid, SCHED_FIFO, &first))
		fail("sched_setscheduler");
}

/* The youngest thread of a CPUMAP for the owner: the one that was made last; 0 if there is none. */
static pid_t receiver(void)
{
	DIR *all = opendir("/proc");
	struct dirent *entry;
	char path[300], name[32];
	pid_t youngest = 0;

	while (all && (entry = readdir(all))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = atoi(entry->d_name) ? fopen(path, "r") : NULL;
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && !strncmp(name, "cpumap/1/", 9) && atoi(entry->d_name) > youngest)
			youngest = atoi(entry->d_name);
		fclose(file);
	}
	if (all)
		closedir(all);
	return youngest;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* InUnknownProtos: the sixth value of the second line of "Ip:". */
static unsigned long refused(void)
{
	FILE *file = fopen("/proc/self/net/snmp", "r");
	unsigned long value;
	char line[1024];
	int lines = 0;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "Ip: ", 4) && lines++ == 1 && sscanf(line, "Ip: %*s %*s %*s %*s %*s %*s %lu", &value) == 1) {
			fclose(file);
			return value;
		}
	fail("/proc/self/net/snmp");
	return 0;
}

/* The first column: what __netif_receive_skb_core took (net/core/dev.c), 32 bits of it. */
static unsigned into_stack(int cpu)
{
	FILE *file = fopen("/proc/self/net/softnet_stat", "r");
	char line[1024];
	unsigned value;

	while (file && fgets(line, sizeof(line), file))
		if (cpu-- == 0 && sscanf(line, "%x", &value) == 1) {
			fclose(file);
			return value;
		}
	fail("/proc/self/net/softnet_stat");
	return 0;
}

int main(void)
{
	unsigned char frame[FRAME_SIZE];
	int netlink, program, frames;
	char line[64];

	write_to("/proc/sys/net/core/xfrm_acq_expires", ACQUIRED_FOR_AN_HOUR);
	if (system("ip link add wire type veth peer name far && ip address add " DESTINATION "/24 dev wire && "
		   "ip link set far up && ip link set wire up"))
		fail("ip");
	netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
	allocate_spi(netlink, SPI, OWNER);
	make_frame(frame, SPI);
	address_to(frame, "wire");
	program = program_to(if_nametoindex("far"));
	stay_on(SENDER);
	let_preempt(0);

	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) && sscanf(line, "%d", &frames) == 1) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = FRAME_SIZE, .repeat = frames,
			    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
		pid_t thread = receiver();

		if (thread)
			let_preempt(thread);
		unsigned long refused_before = refused();
		unsigned on0 = into_stack(0), on1 = into_stack(1);
		double begun = now();

		if (bpf_prog_test_run_opts(program, &opts))
			fail("BPF_PROG_TEST_RUN with live frames");
		printf("%f %lu %u %u\n", now() - begun, refused() - refused_before, into_stack(0) - on0, into_stack(1) - on1);
		fflush(stdout);
	}
	return 0;
}
