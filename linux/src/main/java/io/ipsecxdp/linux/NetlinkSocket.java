package io.ipsecxdp.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;

/** A netlink socket in the network namespace of the thread that opens it. Its calls block their platform thread. */
public final class NetlinkSocket implements Datagrams {

    /** {@code struct sockaddr_nl} of linux/netlink.h. */
    private static final class Address {
        static final int FAMILY = 0;
        static final int PORT_ID = 4;
        static final int SIZE = 12;
    }

    /** {@code struct pollfd} of poll.h. */
    private static final class PollEntry {
        static final int DESCRIPTOR = 0;
        static final int EVENTS = 4;
        static final int SIZE = 8;
    }

    /** {@code struct mmsghdr} of sys/socket.h for many datagrams, their {@code struct iovec}, and addresses. */
    private static final class Vector {
        static final int NAME = 0;
        static final int NAME_LENGTH = 8;
        static final int PART = 16;
        static final int PART_COUNT = 24;
        static final int LENGTH = 56;
        static final int HEADER_SIZE = 64;
        static final int PART_SIZE = 16;

        static final int HEADERS = 0;
        static final int PARTS = MOST_DATAGRAMS * HEADER_SIZE;
        static final int ADDRESSES = PARTS + MOST_DATAGRAMS * PART_SIZE;
        static final int SIZE = ADDRESSES + MOST_DATAGRAMS * Address.SIZE;
    }

    private static final int KERNEL_PORT = 0;
    private static final int MOST_DATAGRAMS = 64;
    private static final int TAKE = LibC.MSG_TRUNC | LibC.MSG_DONTWAIT;
    private static final int[] NONE = {};

    private final int descriptor;
    private final int wakeDescriptor;
    private final int portId;
    private final Memory address = new Memory(Address.SIZE);
    private final Memory addressLength = new Memory(Integer.BYTES);
    private final Memory pollEntries = new Memory(2 * PollEntry.SIZE);
    private final ByteBuffer vector = ByteBuffer.allocateDirect(Vector.SIZE).order(ByteOrder.nativeOrder());
    private final Pointer vectorPointer = Native.getDirectBufferPointer(vector);
    private final ReentrantLock receiving = new ReentrantLock();
    /** What the vector was made for. */
    private ByteBuffer vectorTarget = ByteBuffer.allocate(0);

    private int vectorSlot;
    private volatile boolean closed;

    private NetlinkSocket(int descriptor, int wakeDescriptor) {
        this.descriptor = descriptor;
        this.wakeDescriptor = wakeDescriptor;
        address.clear();
        address.setShort(Address.FAMILY, (short) LibC.AF_NETLINK);
        check("bind", LibC.bind(descriptor, address, Address.SIZE));
        addressLength.setInt(0, Address.SIZE);
        check("getsockname", LibC.getsockname(descriptor, address, addressLength));
        portId = address.getInt(Address.PORT_ID);
        pollEntries.clear();
        pollEntries.setInt(PollEntry.DESCRIPTOR, descriptor);
        pollEntries.setShort(PollEntry.EVENTS, LibC.POLLIN);
        pollEntries.setInt(PollEntry.SIZE + PollEntry.DESCRIPTOR, wakeDescriptor);
        pollEntries.setShort(PollEntry.SIZE + PollEntry.EVENTS, LibC.POLLIN);
    }

    /**
     * Opens a socket whose acknowledgements carry the kernel's words and never repeat a request, which may hold keys.
     *
     * @param protocol such as {@code NETLINK_XFRM}
     */
    public static NetlinkSocket open(int protocol) {
        int descriptor = check("socket", LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, protocol));
        int wakeDescriptor = -1;
        try {
            option(descriptor, LibC.SOL_NETLINK, LibC.NETLINK_CAP_ACK, 1);
            option(descriptor, LibC.SOL_NETLINK, LibC.NETLINK_EXT_ACK, 1);
            wakeDescriptor = check("eventfd", LibC.eventfd(0, LibC.EFD_CLOEXEC));
            return new NetlinkSocket(descriptor, wakeDescriptor);
        } catch (SystemCallException e) {
            LibC.close(descriptor);
            if (wakeDescriptor >= 0) {
                LibC.close(wakeDescriptor);
            }
            throw e;
        }
    }

    @Override
    public int portId() {
        return portId;
    }

    /** Listens to a multicast group of the protocol. */
    public void join(int group) {
        option(descriptor, LibC.SOL_NETLINK, LibC.NETLINK_ADD_MEMBERSHIP, group);
    }

    /** Asks for room for this many bytes that were not received yet; without CAP_NET_ADMIN the system's limit holds. */
    public void receiveBuffer(int bytes) {
        try {
            option(descriptor, LibC.SOL_SOCKET, LibC.SO_RCVBUFFORCE, bytes);
        } catch (SystemCallException e) {
            option(descriptor, LibC.SOL_SOCKET, LibC.SO_RCVBUF, bytes);
        }
    }

    /** The cookie of the socket's network namespace; empty before Linux 5.14. */
    public OptionalLong namespaceCookie() {
        try (Memory cookie = new Memory(Long.BYTES);
                Memory length = new Memory(Integer.BYTES)) {
            length.setInt(0, Long.BYTES);
            int result = LibC.getsockopt(descriptor, LibC.SOL_SOCKET, LibC.SO_NETNS_COOKIE, cookie, length);
            return result == 0 ? OptionalLong.of(cookie.getLong(0)) : OptionalLong.empty();
        }
    }

    @Override
    public void send(ByteBuffer messages, int length) {
        Pointer bytes = Native.getDirectBufferPointer(messages);
        long sent;
        do {
            sent = LibC.send(descriptor, bytes, length, 0);
        } while (sent < 0 && Native.getLastError() == LibC.EINTR);
        check("send", (int) sent);
    }

    @Override
    public OptionalInt receive(ByteBuffer into, Duration timeout) {
        Pointer bytes = Native.getDirectBufferPointer(into);
        receiving.lock();
        try {
            while (!closed) {
                addressLength.setInt(0, Address.SIZE);
                long length = LibC.recvfrom(descriptor, bytes, into.capacity(), TAKE, address, addressLength);
                if (length < 0) {
                    if (!isWorthWaiting("recvfrom") || awaitData(timeout)) {
                        continue;
                    }
                    return OptionalInt.empty();
                }
                // Another process with CAP_NET_ADMIN may send to this port too
                if (address.getInt(Address.PORT_ID) == KERNEL_PORT) {
                    return OptionalInt.of((int) length);
                }
            }
            return OptionalInt.empty();
        } finally {
            receiving.unlock();
        }
    }

    @Override
    public int[] receive(ByteBuffer into, int slot, Duration timeout) {
        int room = Math.min(MOST_DATAGRAMS, into.capacity() / slot);
        receiving.lock();
        try {
            prepareVector(into, slot, room);
            while (!closed) {
                int received = LibC.recvmmsg(descriptor, vectorPointer, room, TAKE, Pointer.NULL);
                if (received < 0) {
                    if (!isWorthWaiting("recvmmsg") || awaitData(timeout)) {
                        continue;
                    }
                    return NONE;
                }
                int[] lengths = new int[received];
                for (int i = 0; i < received; i++) {
                    // Another process with CAP_NET_ADMIN may send to this port too
                    boolean kernels =
                            vector.getInt(Vector.ADDRESSES + i * Address.SIZE + Address.PORT_ID) == KERNEL_PORT;
                    lengths[i] = kernels ? vector.getInt(Vector.HEADERS + i * Vector.HEADER_SIZE + Vector.LENGTH) : 0;
                }
                return lengths;
            }
            return NONE;
        } finally {
            receiving.unlock();
        }
    }

    /**
     * The headers of all datagrams that are received by one call. Of what they say to the kernel it overwrites nothing but
     * the lengths of addresses, and those with what they are ({@code move_addr_to_user} in net/socket.c).
     */
    private void prepareVector(ByteBuffer target, int slot, int room) {
        if (target == vectorTarget && slot == vectorSlot) {
            return;
        }
        long start = Pointer.nativeValue(vectorPointer);
        long into = Pointer.nativeValue(Native.getDirectBufferPointer(target));
        for (int i = 0; i < room; i++) {
            int header = Vector.HEADERS + i * Vector.HEADER_SIZE;
            int part = Vector.PARTS + i * Vector.PART_SIZE;
            vector.putLong(header + Vector.NAME, start + Vector.ADDRESSES + (long) i * Address.SIZE);
            vector.putInt(header + Vector.NAME_LENGTH, Address.SIZE);
            vector.putLong(header + Vector.PART, start + part);
            vector.putLong(header + Vector.PART_COUNT, 1);
            vector.putLong(part, into + (long) i * slot);
            vector.putLong(part + Long.BYTES, slot);
        }
        vectorTarget = target;
        vectorSlot = slot;
    }

    /**
     * Whether nothing is there yet; false if the call is to be made again at once.
     *
     * @throws SystemCallException for all other errors
     */
    private static boolean isWorthWaiting(String call) {
        int error = Native.getLastError();
        if (error != LibC.EAGAIN && error != LibC.EINTR) {
            throw new SystemCallException(call, error);
        }
        return error == LibC.EAGAIN;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        wake();
        // Not before the receiver is out of its call: the numbers may be given to other files at once
        receiving.lock();
        try {
            LibC.close(descriptor);
            LibC.close(wakeDescriptor);
        } finally {
            receiving.unlock();
        }
    }

    private void wake() {
        try (Memory one = new Memory(Long.BYTES)) {
            one.setLong(0, 1);
            LibC.write(wakeDescriptor, one, Long.BYTES);
        }
    }

    private boolean awaitData(Duration timeout) {
        int millis = timeout.isNegative() ? -1 : Math.toIntExact(timeout.toMillis());
        int ready;
        do {
            ready = LibC.poll(pollEntries, 2, millis);
        } while (ready < 0 && Native.getLastError() == LibC.EINTR);
        return check("poll", ready) > 0 && !closed;
    }

    private static void option(int descriptor, int level, int name, int value) {
        try (Memory memory = new Memory(Integer.BYTES)) {
            memory.setInt(0, value);
            check("setsockopt", LibC.setsockopt(descriptor, level, name, memory, Integer.BYTES));
        }
    }

    private static int check(String call, int result) {
        if (result < 0) {
            throw new SystemCallException(call, Native.getLastError());
        }
        return result;
    }
}
