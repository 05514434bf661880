// What a C program that talks to NETLINK_XFRM and does nothing else reaches: the upper reference of P5 and of the resync.
//
//   xfrm add LIST BATCH      adds the SAs of LIST, BATCH requests in each sendmsg
//   xfrm delete LIST BATCH   deletes them
//   xfrm get LIST BATCH      reads each of them by its identity: what a lookup costs
//   xfrm miss LIST BATCH     asks for SAs that are not there: a lookup that goes to the end of its chain
//   xfrm slow-add LIST       adds them so slowly that the SA hash table can follow
//   xfrm dump                reads the whole SAD
//   xfrm table               prints the number of SAs and the buckets of the hash table
//
// A line of LIST is: SPI, reqid, and 36 bytes of key for AES-GCM-256, in hexadecimal. Each prints the seconds that it took from the
// first sendmsg to the last answer; writing the requests is part of it, reading LIST is not.

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    KEY_BYTES = 36,
    ICV_BITS = 128,
    WINDOW = 128,
    MOST_SAS = 200000,
    SOCKET_BUFFER = 4 << 20,
    BUFFER = 256 << 10,
    SLOW_BATCH = 64,
    SLOW_PAUSE_US = 30000,
    NO_ADDRESS_SPI = 0x7f,
    // Newer than some <linux/xfrm.h>
    ATTRIBUTE_SA_DIR = 33,
    DIRECTION_IN = 1,
};

struct sa {
    uint32_t spi, reqid;
    uint8_t key[KEY_BYTES];
};

static struct sa sas[MOST_SAS];
static int count;
static int netlink;
static uint32_t sequence;
static char out[BUFFER], in[BUFFER];
static size_t length;

static void fail(const char *what) {
    fprintf(stderr, "xfrm: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void read_list(const char *path) {
    FILE *file = fopen(path, "r");
    char key[2 * KEY_BYTES + 1];
    if (!file)
        fail(path);
    while (count < MOST_SAS && fscanf(file, "%x %x %72s", &sas[count].spi, &sas[count].reqid, key) == 3) {
        for (int i = 0; i < KEY_BYTES; i++)
            sscanf(key + 2 * i, "%2hhx", &sas[count].key[i]);
        count++;
    }
    fclose(file);
}

static void open_netlink(void) {
    int size = SOCKET_BUFFER, on = 1;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
    if (netlink < 0 || connect(netlink, (struct sockaddr *)&kernel, sizeof kernel))
        fail("NETLINK_XFRM");
    setsockopt(netlink, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(netlink, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
}

static void *reserve(size_t size) {
    void *at = out + length;
    memset(at, 0, NLMSG_ALIGN(size));
    length += NLMSG_ALIGN(size);
    return at;
}

static struct nlmsghdr *begin(int type, int flags) {
    struct nlmsghdr *header = reserve(NLMSG_HDRLEN);
    header->nlmsg_type = type;
    header->nlmsg_flags = NLM_F_REQUEST | flags;
    header->nlmsg_seq = ++sequence;
    return header;
}

static void end(struct nlmsghdr *header) {
    header->nlmsg_len = (char *)out + length - (char *)header;
}

static void *attribute(int type, size_t size) {
    struct nlattr *header = reserve(NLA_HDRLEN);
    header->nla_type = type;
    header->nla_len = NLA_HDRLEN + size;
    return reserve(size);
}

static void put_add(const struct sa *sa) {
    struct nlmsghdr *message = begin(XFRM_MSG_NEWSA, NLM_F_ACK);
    struct xfrm_usersa_info *info = reserve(sizeof *info);
    info->id.daddr.a4 = inet_addr("192.0.2.2");
    info->saddr.a4 = inet_addr("192.0.2.1");
    info->id.spi = htonl(sa->spi);
    info->id.proto = IPPROTO_ESP;
    info->family = AF_INET;
    info->mode = XFRM_MODE_TUNNEL;
    info->reqid = sa->reqid;
    info->flags = XFRM_STATE_ESN;
    info->lft.soft_byte_limit = info->lft.hard_byte_limit = XFRM_INF;
    info->lft.soft_packet_limit = info->lft.hard_packet_limit = XFRM_INF;
    struct xfrm_algo_aead *aead = attribute(XFRMA_ALG_AEAD, sizeof *aead + KEY_BYTES);
    strcpy(aead->alg_name, "rfc4106(gcm(aes))");
    aead->alg_key_len = 8 * KEY_BYTES;
    aead->alg_icv_len = ICV_BITS;
    memcpy(aead->alg_key, sa->key, KEY_BYTES);
    struct xfrm_replay_state_esn *replay = attribute(XFRMA_REPLAY_ESN_VAL, sizeof *replay);
    replay->bmp_len = WINDOW / 32;
    replay->replay_window = WINDOW;
    *(uint8_t *)attribute(ATTRIBUTE_SA_DIR, sizeof(uint8_t)) = DIRECTION_IN;
    end(message);
}

static void put_by_id(int type, int flags, uint32_t spi) {
    struct nlmsghdr *message = begin(type, flags);
    struct xfrm_usersa_id *id = reserve(sizeof *id);
    id->daddr.a4 = inet_addr("192.0.2.2");
    id->spi = htonl(spi);
    id->family = AF_INET;
    id->proto = IPPROTO_ESP;
    end(message);
}

static void transmit(void) {
    if (send(netlink, out, length, 0) < 0)
        fail("send");
    length = 0;
}

static int receive(void) {
    int received = recv(netlink, in, sizeof in, 0);
    if (received < 0)
        fail("recv");
    return received;
}

// Until `expected` requests are answered; an error other than `allowed` ends the program.
static void answers(int expected, int allowed) {
    while (expected > 0) {
        int rest = receive();
        for (struct nlmsghdr *message = (void *)in; NLMSG_OK(message, (unsigned)rest); message = NLMSG_NEXT(message, rest)) {
            if (message->nlmsg_type == NLMSG_ERROR) {
                errno = -((struct nlmsgerr *)NLMSG_DATA(message))->error;
                if (errno != 0 && errno != allowed)
                    fail("the kernel refused a request");
            }
            expected--;
        }
    }
}

static void batches(const char *what, int batch, int pause) {
    for (int first = 0; first < count; first += batch) {
        int n = count - first < batch ? count - first : batch;
        for (int i = first; i < first + n; i++) {
            if (!strcmp(what, "add"))
                put_add(&sas[i]);
            else if (!strcmp(what, "delete"))
                put_by_id(XFRM_MSG_DELSA, NLM_F_ACK, sas[i].spi);
            else if (!strcmp(what, "get"))
                put_by_id(XFRM_MSG_GETSA, 0, sas[i].spi);
            else
                put_by_id(XFRM_MSG_GETSA, 0, sas[i].spi ^ NO_ADDRESS_SPI);
        }
        transmit();
        answers(n, !strcmp(what, "miss") ? ESRCH : 0);
        if (pause)
            usleep(pause);
    }
}

static int dump(void) {
    int seen = 0;
    struct nlmsghdr *message = begin(XFRM_MSG_GETSA, NLM_F_DUMP);
    end(message);
    transmit();
    for (;;) {
        int rest = receive();
        for (message = (void *)in; NLMSG_OK(message, (unsigned)rest); message = NLMSG_NEXT(message, rest)) {
            if (message->nlmsg_type == NLMSG_DONE)
                return seen;
            seen++;
        }
    }
}

static void table(void) {
    struct nlmsghdr *message = begin(XFRM_MSG_GETSADINFO, 0);
    *(uint32_t *)reserve(sizeof(uint32_t)) = UINT32_MAX;
    end(message);
    transmit();
    int rest = receive();
    message = (void *)in;
    if (!NLMSG_OK(message, (unsigned)rest) || message->nlmsg_type == NLMSG_ERROR)
        fail("GETSADINFO");
    struct nlattr *at = (void *)((char *)NLMSG_DATA(message) + NLMSG_ALIGN(sizeof(uint32_t)));
    uint32_t number = 0, buckets = 0;
    for (char *stop = in + message->nlmsg_len; (char *)at < stop; at = (void *)((char *)at + NLA_ALIGN(at->nla_len))) {
        void *payload = (char *)at + NLA_HDRLEN;
        if (at->nla_type == XFRMA_SAD_CNT)
            number = *(uint32_t *)payload;
        if (at->nla_type == XFRMA_SAD_HINFO)
            buckets = ((struct xfrmu_sadhinfo *)payload)->sadhcnt;
    }
    printf("%u %u\n", number, buckets);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int words, char **word) {
    const char *what = words > 1 ? word[1] : "";
    int slow = !strcmp(what, "slow-add");
    open_netlink();
    if (!strcmp(what, "table")) {
        table();
        return 0;
    }
    if (words > 2)
        read_list(word[2]);
    double begun = now();
    if (!strcmp(what, "dump"))
        count = dump();
    else if (slow)
        batches("add", SLOW_BATCH, SLOW_PAUSE_US);
    else if (words > 3)
        batches(what, atoi(word[3]), 0);
    else {
        fputs("usage: xfrm add|delete|get|miss LIST BATCH, xfrm slow-add LIST, xfrm dump, xfrm table\n", stderr);
        return 2;
    }
    printf("%.6f %d\n", now() - begun, count);
    memset(sas, 0, sizeof sas);
    return 0;
}
