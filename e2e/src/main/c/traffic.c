// Numbered UDP packets, and what became of them.
//
//   traffic send    --to ADDRESS --port PORT [--from ADDRESS] [--cpu N] [--count N] [--rate PER_SECOND] [--size BYTES] [--echoed]
//   traffic receive --at ADDRESS --port PORT [--cpu N] [--echo]
//   traffic encap   --at ADDRESS --port PORT
//   traffic replay  --file PCAP --on INTERFACE
//   traffic watch   --on INTERFACE
//   traffic advance --at DESTINATION --spi SPI
//
// replay puts the frames that tcpdump -w recorded on the wire once more, in their order, and prints how many: an attacker who can
// listen and send (RFC 4303, section 3.4.3).
// watch looks at what the interface sends: how many ESP packets, how many of them with an SPI, destination and sequence number that
// were seen before (a nonce that is used twice, RFC 4106, section 3.1), and how many numbered packets in the clear.
// advance adds 2^32 to the extended sequence number of an SA (RFC 4303, section 2.2.1), as after that many packets.
// encap holds a socket for ESP in UDP, as an IKE daemon does: without one the kernel gives such packets to nobody (udp(7), UDP_ENCAP).
// send stops after --count packets or on SIGTERM, receive on SIGTERM; each then prints one line of JSON. receive first prints "ready".
// Of the numbers 0 to highest: received counts each number once, duplicates what came again, lost what never came, late what came
// after a higher number. send --echoed reports on the packets that a receiver with --echo sent back, for all numbers that it sent;
// refused are those that the kernel did not take (they count as sent), at a receiver of its echoes.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAGIC = 0x49584450, MAX_SIZE = 65507, SOCKET_BUFFER = 8 << 20, POLL_MS = 100, QUIET_MS = 1000 };

struct packet {
    uint32_t magic;
    uint32_t number; // one kernel, one byte order
};

struct options {
    const char *to, *from, *at, *file, *on;
    long port, cpu, count, rate, size, spi;
    bool echo, echoed;
};

struct seen {
    uint8_t *bits;
    size_t bytes;
    uint64_t received, duplicates, late, highest;
};

struct echoes {
    int socket;
    struct seen seen;
};

static volatile sig_atomic_t stopped;
static atomic_bool sender_done;

static void stop(int signal) {
    (void)signal;
    stopped = 1;
}

static void fail(const char *what) {
    fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void usage(void) {
    fputs("usage: traffic send --to ADDRESS --port PORT [--from ADDRESS] [--cpu N] [--count N] [--rate PER_SECOND] [--size BYTES] [--echoed]\n"
          "       traffic receive --at ADDRESS --port PORT [--cpu N] [--echo]\n"
          "       traffic encap --at ADDRESS --port PORT\n"
          "       traffic replay --file PCAP --on INTERFACE\n"
          "       traffic watch --on INTERFACE\n"
          "       traffic advance --at DESTINATION --spi SPI\n", stderr);
    exit(2);
}

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t length;
};

static struct address address(const char *host, long port) {
    struct address a = {0};
    if (inet_pton(AF_INET, host, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(port);
        a.length = sizeof a.v4;
    } else if (inet_pton(AF_INET6, host, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(port);
        a.length = sizeof a.v6;
    } else {
        fprintf(stderr, "traffic: %s is not an IP address\n", host);
        exit(2);
    }
    return a;
}

static int udp_socket(struct address own) {
    struct timeval poll = {.tv_usec = POLL_MS * 1000};
    int size = SOCKET_BUFFER, s = socket(own.any.sa_family, SOCK_DGRAM, 0);
    if (s < 0) fail("socket");
    if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size)) fail("SO_RCVBUFFORCE");
    if (setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &poll, sizeof poll)) fail("SO_RCVTIMEO");
    if (bind(s, &own.any, own.length)) fail("bind");
    return s;
}

static void pin(long cpu) {
    cpu_set_t set;
    if (cpu < 0) return;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set)) fail("sched_setaffinity");
}

static void note(struct seen *seen, uint32_t number) {
    if (number / 8 >= seen->bytes) {
        size_t bytes = (number / 8 + 1) * 2;
        seen->bits = realloc(seen->bits, bytes);
        if (!seen->bits) fail("realloc");
        memset(seen->bits + seen->bytes, 0, bytes - seen->bytes);
        seen->bytes = bytes;
    }
    uint8_t bit = 1u << number % 8;
    if (seen->bits[number / 8] & bit) {
        seen->duplicates++;
        return;
    }
    seen->bits[number / 8] |= bit;
    if (seen->received && number < seen->highest) seen->late++;
    if (number > seen->highest) seen->highest = number;
    seen->received++;
}

// One packet, if one comes within POLL_MS; returns its length.
static ssize_t read_packet(int s, char *buffer, struct sockaddr_storage *from, socklen_t *from_length) {
    *from_length = sizeof *from;
    ssize_t length = recvfrom(s, buffer, MAX_SIZE, 0, (struct sockaddr *)from, from_length);
    if (length < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) fail("recvfrom");
    struct packet header;
    if (length < (ssize_t)sizeof header) return 0;
    memcpy(&header, buffer, sizeof header);
    return header.magic == MAGIC ? length : 0;
}

static uint32_t number_of(const char *buffer) {
    struct packet header;
    memcpy(&header, buffer, sizeof header);
    return header.number;
}

static int receive(const struct options *o) {
    static char buffer[MAX_SIZE];
    struct seen seen = {0};
    struct sockaddr_storage from;
    socklen_t from_length;
    uint64_t refused = 0;
    int s = udp_socket(address(o->at, o->port));
    pin(o->cpu);
    puts("ready");
    fflush(stdout);
    for (;;) {
        ssize_t length = read_packet(s, buffer, &from, &from_length);
        if (!length && stopped) break;
        if (!length) continue;
        note(&seen, number_of(buffer));
        if (o->echo && sendto(s, buffer, length, 0, (struct sockaddr *)&from, from_length) != length) refused++;
    }
    uint64_t expected = seen.received ? seen.highest + 1 : 0;
    printf("{\"received\":%lu,\"lost\":%lu,\"duplicates\":%lu,\"late\":%lu,\"refused\":%lu}\n", seen.received, expected - seen.received, seen.duplicates, seen.late, refused);
    return 0;
}

static int encap(const struct options *o) {
    int type = UDP_ENCAP_ESPINUDP;
    int s = udp_socket(address(o->at, o->port));
    if (setsockopt(s, IPPROTO_UDP, UDP_ENCAP, &type, sizeof type)) fail("UDP_ENCAP");
    puts("ready");
    fflush(stdout);
    while (!stopped) pause();
    close(s);
    return 0;
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// Reads echoes until the sender is done and no more come for QUIET_MS.
static void *read_echoes(void *argument) {
    static char buffer[MAX_SIZE];
    struct echoes *echoes = argument;
    struct sockaddr_storage from;
    socklen_t from_length;
    int64_t last = now_ns();
    while (!sender_done || now_ns() - last < QUIET_MS * 1000000LL) {
        if (!sender_done) last = now_ns();
        if (!read_packet(echoes->socket, buffer, &from, &from_length)) continue;
        note(&echoes->seen, number_of(buffer));
        last = now_ns();
    }
    return NULL;
}

static int send_packets(const struct options *o) {
    static char buffer[MAX_SIZE];
    struct address to = address(o->to, o->port);
    const char *any = to.any.sa_family == AF_INET6 ? "::" : "0.0.0.0";
    struct echoes echoes = {.socket = udp_socket(address(o->from ? o->from : any, 0))};
    pthread_t reader;
    uint64_t refused = 0, sent = 0;
    struct packet header = {.magic = MAGIC};
    if (o->echoed && pthread_create(&reader, NULL, read_echoes, &echoes)) fail("pthread_create");
    pin(o->cpu);
    int64_t begun = now_ns();
    for (; !stopped && (!o->count || sent < (uint64_t)o->count); sent++) {
        if (o->rate) {
            int64_t due = begun + (int64_t)(sent * (1e9 / o->rate));
            struct timespec at = {.tv_sec = due / 1000000000LL, .tv_nsec = due % 1000000000LL};
            while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR && !stopped) {}
            if (stopped) break;
        }
        header.number = sent;
        memcpy(buffer, &header, sizeof header);
        if (sendto(echoes.socket, buffer, o->size, 0, &to.any, to.length) != o->size) refused++;
    }
    double seconds = (now_ns() - begun) / 1e9;
    sender_done = true;
    printf("{\"sent\":%lu,\"refused\":%lu,\"seconds\":%.3f", sent, refused, seconds);
    if (o->echoed) {
        pthread_join(reader, NULL);
        struct seen *seen = &echoes.seen;
        printf(",\"received\":%lu,\"lost\":%lu,\"duplicates\":%lu,\"late\":%lu", seen->received, sent - seen->received, seen->duplicates, seen->late);
    }
    puts("}");
    return 0;
}

static int replay(const struct options *o) {
    enum { FILE_HEADER = 24, MAGIC_MICROSECONDS = 0xa1b2c3d4, PAUSE_NS = 1000000 }; // pcap-savefile(5)
    static char frame[MAX_SIZE];
    uint32_t file_header[FILE_HEADER / 4], header[4]; // of a frame: seconds, microseconds, bytes in the file, bytes on the wire
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = if_nametoindex(o->on)};
    struct timespec pause = {.tv_nsec = PAUSE_NS};
    uint64_t sent = 0;
    FILE *file = fopen(o->file, "r");
    int s = socket(AF_PACKET, SOCK_RAW, 0);
    if (!file) fail(o->file);
    if (!to.sll_ifindex) fail(o->on);
    if (s < 0 || bind(s, (struct sockaddr *)&to, sizeof to)) fail("packet socket");
    errno = EINVAL;
    if (fread(file_header, sizeof file_header, 1, file) != 1 || file_header[0] != MAGIC_MICROSECONDS) fail(o->file);
    for (; fread(header, sizeof header, 1, file) == 1; sent++) {
        errno = EINVAL;
        if (header[2] != header[3] || header[2] > sizeof frame || fread(frame, header[2], 1, file) != 1) fail("a frame that is not whole");
        if (send(s, frame, header[2], 0) != (ssize_t)header[2]) fail("send");
        nanosleep(&pause, NULL); // no queue on the way overflows
    }
    printf("{\"sent\":%lu}\n", sent);
    return 0;
}

struct sequences { // of one SPI and destination
    struct sequences *next;
    uint32_t spi;
    uint8_t destination[16];
    struct seen seen;
};

enum { SPI_BUCKETS = 65536 };

static struct sequences *sequences_of(struct sequences **table, uint32_t spi, const uint8_t *destination) {
    struct sequences **at = &table[spi % SPI_BUCKETS];
    while (*at && ((*at)->spi != spi || memcmp((*at)->destination, destination, sizeof (*at)->destination))) at = &(*at)->next;
    if (!*at) {
        if (!(*at = calloc(1, sizeof **at))) fail("calloc");
        (*at)->spi = spi;
        memcpy((*at)->destination, destination, sizeof (*at)->destination);
    }
    return *at;
}

static int watch(const struct options *o) {
    enum { PROTOCOL_ESP = 50, PROTOCOL_UDP = 17, IPV6_HEADER = 40, UDP_HEADER = 8, SNAP = 256 };
    static struct sequences *table[SPI_BUCKETS];
    static uint8_t packet[SNAP];
    struct sockaddr_ll from, on = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = if_nametoindex(o->on)};
    struct timeval poll = {.tv_usec = POLL_MS * 1000};
    uint64_t esp = 0, repeated = 0, clear = 0;
    int size = SOCKET_BUFFER * 4, s = socket(AF_PACKET, SOCK_DGRAM, 0);
    struct tpacket_stats lost;
    socklen_t lost_size = sizeof lost;
    if (!on.sll_ifindex) fail(o->on);
    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &poll, sizeof poll)
        || bind(s, (struct sockaddr *)&on, sizeof on))
        fail("packet socket");
    puts("ready");
    fflush(stdout);
    while (!stopped) {
        socklen_t from_size = sizeof from;
        ssize_t length = recvfrom(s, packet, sizeof packet, 0, (struct sockaddr *)&from, &from_size);
        if (length < 0 && errno != EAGAIN && errno != EINTR) fail("recvfrom");
        if (length < 20 || from.sll_pkttype != PACKET_OUTGOING) continue;
        int v6 = packet[0] >> 4 == 6, header = v6 ? IPV6_HEADER : (packet[0] & 15) * 4;
        if (length < header + 12) continue;
        int protocol = v6 ? packet[6] : packet[9];
        uint32_t word[2], magic;
        if (protocol == PROTOCOL_ESP) {
            uint8_t destination[16] = {0};
            memcpy(destination, packet + (v6 ? 24 : 16), v6 ? 16 : 4);
            memcpy(word, packet + header, sizeof word);
            struct sequences *of = sequences_of(table, ntohl(word[0]), destination);
            uint32_t sequence = ntohl(word[1]);
            uint64_t before = of->seen.duplicates;
            note(&of->seen, sequence);
            repeated += of->seen.duplicates - before;
            esp++;
        } else if (protocol == PROTOCOL_UDP) {
            memcpy(&magic, packet + header + UDP_HEADER, sizeof magic);
            clear += magic == MAGIC;
        }
    }
    if (getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &lost, &lost_size)) fail("PACKET_STATISTICS");
    printf("{\"esp\":%lu,\"repeated\":%lu,\"clear\":%lu,\"unseen\":%u}\n", esp, repeated, clear, lost.tp_drops);
    return 0;
}

// Sends one message of NETLINK_XFRM and reads its answer into it; fails with what the kernel says.
static struct nlmsghdr *ask(int s, struct nlmsghdr *message, size_t room) {
    if (send(s, message, message->nlmsg_len, 0) < 0) fail("netlink");
    ssize_t length = recv(s, message, room, 0);
    if (length < (ssize_t)NLMSG_LENGTH(0)) fail("netlink");
    if (message->nlmsg_type == NLMSG_ERROR && (errno = -((struct nlmsgerr *)NLMSG_DATA(message))->error)) fail("XFRM");
    return message;
}

static int advance(const struct options *o) {
    static union {
        struct nlmsghdr header;
        char bytes[1 << 16];
    } message;
    struct address to = address(o->at, 0);
    struct xfrm_usersa_id id = {.spi = htonl(o->spi), .family = to.any.sa_family, .proto = IPPROTO_ESP};
    struct xfrm_aevent_id event = {.sa_id = id};
    struct nlattr *replay = NULL;
    int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
    if (s < 0) fail("NETLINK_XFRM");
    if (to.any.sa_family == AF_INET) memcpy(&id.daddr, &to.v4.sin_addr, sizeof to.v4.sin_addr);
    else memcpy(&id.daddr, &to.v6.sin6_addr, sizeof to.v6.sin6_addr);
    message.header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof id), .nlmsg_type = XFRM_MSG_GETSA, .nlmsg_flags = NLM_F_REQUEST};
    memcpy(NLMSG_DATA(&message.header), &id, sizeof id);
    ask(s, &message.header, sizeof message);
    event.sa_id = id;
    event.saddr = ((struct xfrm_usersa_info *)NLMSG_DATA(&message.header))->saddr;
    for (size_t at = NLMSG_LENGTH(sizeof(struct xfrm_usersa_info)); at + NLA_HDRLEN <= message.header.nlmsg_len;) {
        struct nlattr *attribute = (struct nlattr *)(message.bytes + at);
        if (attribute->nla_type == XFRMA_REPLAY_ESN_VAL) replay = attribute;
        at += NLA_ALIGN(attribute->nla_len);
    }
    errno = EINVAL;
    if (!replay) fail("an SA without extended sequence numbers");
    struct xfrm_replay_state_esn *state = (struct xfrm_replay_state_esn *)((char *)replay + NLA_HDRLEN);
    // An SA has a direction: only what it counts is advanced. One that has received nothing would take numbers below 2^32 for new.
    if (state->seq || state->seq_hi) state->seq_hi++;
    if (state->oseq || state->oseq_hi) state->oseq_hi++;
    size_t head = NLMSG_LENGTH(sizeof event), length = NLA_ALIGN(replay->nla_len);
    memmove(message.bytes + head, replay, length);
    memcpy(NLMSG_DATA(&message.header), &event, sizeof event);
    message.header = (struct nlmsghdr){
        .nlmsg_len = head + length, .nlmsg_type = XFRM_MSG_NEWAE, .nlmsg_flags = NLM_F_REQUEST | NLM_F_REPLACE | NLM_F_ACK};
    ask(s, &message.header, sizeof message);
    return 0;
}

static long number(const char *text) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || *end || end == text || value < 0 || value > UINT32_MAX) usage();
    return value;
}

int main(int argc, char **argv) {
    static const struct option known[] = {
        {"to", required_argument, 0, 't'},    {"from", required_argument, 0, 'f'}, {"at", required_argument, 0, 'a'},
        {"port", required_argument, 0, 'p'},  {"cpu", required_argument, 0, 'c'},  {"count", required_argument, 0, 'n'},
        {"rate", required_argument, 0, 'r'},  {"size", required_argument, 0, 's'}, {"echo", no_argument, 0, 'e'},
        {"echoed", no_argument, 0, 'E'},      {"file", required_argument, 0, 'F'}, {"on", required_argument, 0, 'o'},
        {"spi", required_argument, 0, 'i'},   {0}};
    struct options o = {.cpu = -1, .size = 64};
    struct sigaction action = {.sa_handler = stop};
    if (argc < 2) usage();
    for (int c; (c = getopt_long(argc - 1, argv + 1, "", known, NULL)) != -1;) {
        switch (c) {
        case 't': o.to = optarg; break;
        case 'f': o.from = optarg; break;
        case 'a': o.at = optarg; break;
        case 'p': o.port = number(optarg); break;
        case 'c': o.cpu = number(optarg); break;
        case 'n': o.count = number(optarg); break;
        case 'r': o.rate = number(optarg); break;
        case 's': o.size = number(optarg); break;
        case 'e': o.echo = true; break;
        case 'E': o.echoed = true; break;
        case 'F': o.file = optarg; break;
        case 'o': o.on = optarg; break;
        case 'i': o.spi = number(optarg); break;
        default: usage();
        }
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    if (!strcmp(argv[1], "replay") && o.file && o.on) return replay(&o);
    if (!strcmp(argv[1], "watch") && o.on) return watch(&o);
    if (!strcmp(argv[1], "advance") && o.at && o.spi) return advance(&o);
    if (!o.port || o.size < (long)sizeof(struct packet) || o.size > MAX_SIZE) usage();
    if (!strcmp(argv[1], "send") && o.to) return send_packets(&o);
    if (!strcmp(argv[1], "receive") && o.at) return receive(&o);
    if (!strcmp(argv[1], "encap") && o.at) return encap(&o);
    usage();
}
