// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/*
 * steer-cost OBJECT SAS: loads steer_parts.bpf.c in a network namespace with so many larval SAs (which need no ESP), and
 * then does what it is told on stdin, line by line, answering each with a number:
 *
 *   run PROGRAM REPEAT     nanoseconds per frame of a known SPI (BPF_PROG_TEST_RUN)
 *   miss PROGRAM REPEAT    the same for a frame of an unknown SPI
 *   live PROGRAM REPEAT    nanoseconds per frame of an unknown SPI that is really delivered (BPF_F_TEST_XDP_LIVE_FRAMES)
 *   unknown NUMBER         what the policy does with unknown SPIs (enum unknown_spi)
 *   refused WHY            frames that the namespace refused so far: "protocol" for want of ESP, "sa" for want of an SA
 *   contend 0|1            whether CPU 1 takes and drops references on the SA meanwhile, as one that decrypts would
 *
 * Nanoseconds are CPU time of its one thread. Pinned to CPU 0. Ends with its input.
 */

#include "larval.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define CONFIG_BY_OWNER 1
#define OWNER 0
#define LIVE_BATCH 64
#define MEASURED "measured"
#define OTHERS "others"

struct config {
	__u32 flags, unknown_spi;
	__s32 netns_id;
	__u32 mark;
	__u16 udp_ports[8];
};

struct sa_key {
	__u32 daddr[4], spi;
	__u16 family, proto;
};

struct choice {
	__u32 sas, next;
};

struct place {
	const char *interface;
	int program;
};

static struct place measured = { MEASURED, -1 }, others = { OTHERS, -1 };

/* As in lookup.h: SPI number i is mix(i + 1). */
static __u32 mix(__u32 h)
{
	h ^= h >> 16;
	h *= 0x85EBCA6B;
	h ^= h >> 13;
	h *= 0xC2B2AE35;
	h ^= h >> 16;
	return h;
}

static int map(struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		fail(name);
	return fd;
}

static void set(int map, const void *key, const void *value)
{
	if (bpf_map_update_elem(map, key, value, 0))
		fail("a map");
}

static void make_sas(struct bpf_object *object, __u32 count)
{
	int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
	struct sa_key key = { .family = AF_INET, .proto = IPPROTO_ESP };
	__u32 cpu = OWNER, i;

	inet_pton(AF_INET, DESTINATION, key.daddr);
	for (i = 0; i < count; i++) {
		allocate_spi(netlink, mix(i + 1), OWNER);
		key.spi = htonl(mix(i + 1));
		set(map(object, "hash_map"), &key, &cpu);
		/* The kernel's hash table grows in a work item of its own. */
		if (i % 256 == 0)
			usleep(500);
	}
	close(netlink);
}

/* Of this thread alone: what else ran on its CPU meanwhile does not count. */
static __u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

/*
 * To an interface without traffic: a program that is attached nowhere makes each test run patch the kernel's XDP
 * dispatcher, for milliseconds (kernel/bpf/dispatcher.c).
 */
static void attach(struct place *place, int program)
{
	if (place->program == program)
		return;
	if (bpf_xdp_attach(if_nametoindex(place->interface), program, XDP_FLAGS_SKB_MODE, NULL))
		fail("attaching a program");
	place->program = program;
}

/* The kernel's own duration is a whole number of nanoseconds per packet, which is too coarse. */
static double run(struct place *place, int program, unsigned char *frame, int repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = FRAME_SIZE, .repeat = repeat);
	__u64 begun;

	attach(place, program);
	begun = now();
	if (bpf_prog_test_run_opts(program, &opts))
		fail("BPF_PROG_TEST_RUN");
	return (double)(now() - begun) / repeat;
}

static double live(int program, unsigned char *frame, int repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = FRAME_SIZE, .repeat = repeat,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = LIVE_BATCH);
	__u64 begun;

	attach(&measured, program);
	begun = now();
	if (bpf_prog_test_run_opts(program, &opts))
		fail("BPF_PROG_TEST_RUN with live frames");
	return (double)(now() - begun) / repeat;
}

/* The number that the format reads from a line of the file; 0 if no line has it. */
static unsigned long counter(const char *path, const char *format)
{
	char line[1024];
	unsigned long value = 0;
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, format, &value) == 1)
			break;
	if (file)
		fclose(file);
	return value;
}

static unsigned long refused(const char *why)
{
	if (!strcmp(why, "sa"))
		return counter("/proc/self/net/xfrm_stat", "XfrmInNoStates %lu");
	/* Of the two lines "Ip:" the second has the values, and the seventh of them is InUnknownProtos. */
	return counter("/proc/self/net/snmp", "Ip: %*u %*u %*u %*u %*u %*u %lu");
}

static int program(struct bpf_object *object, const char *name)
{
	struct bpf_program *found = bpf_object__find_program_by_name(object, name);

	if (!found) {
		errno = ENOENT;
		fail(name);
	}
	return bpf_program__fd(found);
}

static pid_t contender(int program, unsigned char *frame)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		stay_on(1);
		for (;;)
			run(&others, program, frame, 1000000);
	}
	return child;
}

int main(int argc, char **argv)
{
	unsigned char known[FRAME_SIZE], unknown[FRAME_SIZE];
	struct config config = { .flags = CONFIG_BY_OWNER };
	struct bpf_object *object;
	char line[256], name[64];
	__u32 zero = 0, queue = 2048, *constants;
	struct choice choice = { 0 };
	pid_t other = 0;
	int number;
	size_t size;

	if (argc != 3)
		return fprintf(stderr, "usage: steer-cost OBJECT SAS\n"), 2;
	choice.sas = atoi(argv[2]);
	stay_on(0);
	if (unshare(CLONE_NEWNET))
		fail("a network namespace");
	write_to("/proc/sys/net/core/xfrm_acq_expires", ACQUIRED_FOR_AN_HOUR);
	write_to("/proc/sys/net/ipv4/conf/all/forwarding", "1");
	if (system("ip link set lo up && ip address add " DESTINATION "/32 dev lo && "
		   "ip link add " MEASURED " type veth peer name " OTHERS))
		fail("ip");

	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		fail(argv[1]);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "cpus"), libbpf_num_possible_cpus());
	constants = (void *)bpf_map__initial_value(bpf_object__find_map_by_name(object, ".rodata"), &size);
	if (!constants || size != 8)
		fail("the constants of the program");
	constants[0] = constants[1] = 1;
	if (bpf_object__load(object))
		fail("loading the program");

	make_sas(object, choice.sas);
	set(map(object, "choice"), &zero, &choice);
	set(map(object, "config"), &zero, &config);
	set(map(object, "cpus"), &zero, &queue);
	make_frame(known, mix(choice.sas / 2 + 1));
	make_frame(unknown, mix(choice.sas + 1));

	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "run %63s %d", name, &number) == 2)
			printf("%f\n", run(&measured, program(object, name), known, number));
		else if (sscanf(line, "live %63s %d", name, &number) == 2)
			printf("%f\n", live(program(object, name), unknown, number));
		else if (sscanf(line, "miss %63s %d", name, &number) == 2)
			printf("%f\n", run(&measured, program(object, name), unknown, number));
		else if (sscanf(line, "unknown %d", &number) == 1) {
			config.unknown_spi = number;
			set(map(object, "config"), &zero, &config);
			printf("0\n");
		} else if (sscanf(line, "refused %63s", name) == 1)
			printf("%lu\n", refused(name));
		else if (sscanf(line, "contend %d", &number) == 1) {
			if (other > 0) {
				kill(other, SIGKILL);
				waitpid(other, NULL, 0);
			}
			other = number ? contender(program(object, "same_kfunc"), known) : 0;
			printf("0\n");
		} else
			return fprintf(stderr, "steer-cost: what is %s", line), 2;
		fflush(stdout);
	}
	if (other > 0)
		kill(other, SIGKILL);
	return 0;
}
