/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef LARVAL_H
#define LARVAL_H

/* Larval SAs, which need no ESP in the kernel, and frames for them. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOURCE "192.0.2.1"
#define DESTINATION "192.0.2.2"
#define ACQUIRED_FOR_AN_HOUR "3600"
#define FRAME_SIZE 96
#define SPI_OFFSET 34

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity");
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

/* Its owner is that CPU. */
static void allocate_spi(int netlink, __u32 spi, __u32 owner)
{
	struct {
		struct nlmsghdr header;
		struct xfrm_userspi_info info;
		struct nlattr cpu_header;
		__u32 cpu;
	} request;
	char answer[2048];
	struct nlmsghdr *header = (void *)answer;

	memset(&request, 0, sizeof(request));
	request.header.nlmsg_len = sizeof(request);
	request.header.nlmsg_type = XFRM_MSG_ALLOCSPI;
	request.header.nlmsg_flags = NLM_F_REQUEST;
	inet_pton(AF_INET, SOURCE, &request.info.info.saddr);
	inet_pton(AF_INET, DESTINATION, &request.info.info.id.daddr);
	request.info.info.id.proto = IPPROTO_ESP;
	request.info.info.family = AF_INET;
	/* Many SAs of one reqid make each further one slow (xfrm_find_acq walks through them). */
	request.info.info.reqid = spi % 10000 + 1;
	request.info.min = request.info.max = spi;
	request.cpu_header.nla_len = 8;
	request.cpu_header.nla_type = 35; /* XFRMA_SA_PCPU, which older headers lack */
	request.cpu = owner;
	if (send(netlink, &request, sizeof(request), 0) < 0 || recv(netlink, answer, sizeof(answer), 0) < 0)
		fail("NETLINK_XFRM");
	if (header->nlmsg_type == NLMSG_ERROR) {
		errno = -*(int *)NLMSG_DATA(header);
		fail("XFRM_MSG_ALLOCSPI");
	}
}

static void make_frame(unsigned char *frame, __u32 spi)
{
	/* To the loopback's own Ethernet address 0, or the stack would take it for somebody else's. */
	static const unsigned char ipv4[] = { 0x45, 0, 0, FRAME_SIZE - 14, 0, 1, 0x40, 0, 64, IPPROTO_ESP };

	memset(frame, 0, FRAME_SIZE);
	frame[12] = 0x08;
	memcpy(frame + 14, ipv4, sizeof(ipv4));
	inet_pton(AF_INET, SOURCE, frame + 26);
	inet_pton(AF_INET, DESTINATION, frame + 30);
	*(__u32 *)(frame + SPI_OFFSET) = htonl(spi);

	__u32 sum = 0;
	for (int i = 14; i < 34; i += 2)
		sum += frame[i] << 8 | frame[i + 1];
	sum = (sum & 0xFFFF) + (sum >> 16);
	*(__u16 *)(frame + 24) = htons(~(sum + (sum >> 16)));
}

#endif
