package io.ipsecxdp.xfrm.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipsecxdp.linux.Datagrams;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.linux.SystemCallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class LinksTest {

    private static final int DONE = 3;
    private static final int ERROR = 2;
    private static final int INTERRUPTED = 0x10;

    /** Each connection shows the next script: what each call of receive gives. */
    private static final class ScriptedKernel implements Supplier<Datagrams> {
        private final Deque<Deque<Supplier<Optional<byte[]>>>> dumps = new ArrayDeque<>();

        @SafeVarargs
        @SuppressWarnings("varargs")
        private ScriptedKernel then(Supplier<Optional<byte[]>>... datagrams) {
            dumps.add(new ArrayDeque<>(List.of(datagrams)));
            return this;
        }

        @Override
        public Datagrams get() {
            Deque<Supplier<Optional<byte[]>>> script = dumps.size() == 1 ? dumps.peek() : dumps.remove();
            Deque<Supplier<Optional<byte[]>>> left = new ArrayDeque<>(script);
            return new Datagrams() {
                @Override
                public int portId() {
                    return 1;
                }

                @Override
                public void send(ByteBuffer messages, int length) {
                    assertThat(messages.getInt(0)).isEqualTo(length);
                }

                @Override
                public OptionalInt receive(ByteBuffer into, Duration timeout) {
                    Optional<byte[]> datagram = left.remove().get();
                    datagram.ifPresent(bytes -> into.put(0, bytes));
                    return datagram.map(bytes -> OptionalInt.of(bytes.length)).orElse(OptionalInt.empty());
                }

                @Override
                public int[] receive(ByteBuffer into, int slot, Duration timeout) {
                    throw new UnsupportedOperationException("a dump is read one by one");
                }

                @Override
                public void close() {}
            };
        }
    }

    private static Supplier<Optional<byte[]>> datagram(byte[]... messages) {
        ByteBuffer all = ByteBuffer.allocate(1024);
        Arrays.stream(messages).forEach(all::put);
        return () -> Optional.of(Arrays.copyOf(all.array(), all.position()));
    }

    private static byte[] message(int type, int flags, byte[] payload) {
        int size = 16 + payload.length;
        return ByteBuffer.allocate(size + 3 & ~3)
                .order(ByteOrder.nativeOrder())
                .putInt(size)
                .putShort((short) type)
                .putShort((short) flags)
                .putInt(1)
                .putInt(0)
                .put(payload)
                .array();
    }

    private static byte[] number(int number) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(number)
                .array();
    }

    private static byte[] attribute(int type, byte[] value) {
        return ByteBuffer.allocate(4 + value.length + 3 & ~3)
                .order(ByteOrder.nativeOrder())
                .putShort((short) (4 + value.length))
                .putShort((short) type)
                .put(value)
                .array();
    }

    private static byte[] text(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] joined(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(512);
        Arrays.stream(parts).forEach(all::put);
        return Arrays.copyOf(all.array(), all.position());
    }

    private static byte[] link(int flags, int index, String name, byte[]... attributes) {
        byte[] head = ByteBuffer.allocate(16)
                .order(ByteOrder.nativeOrder())
                .putShort(2, (short) Link.ETHERNET)
                .putInt(4, index)
                .array();
        return message(16, flags, joined(head, attribute(3, text(name)), joined(attributes)));
    }

    private static byte[] route(int flags, int length, int table, byte[]... attributes) {
        byte[] head = new byte[12];
        head[1] = (byte) length;
        head[4] = (byte) table;
        head[7] = 1;
        return message(24, flags, joined(head, joined(attributes)));
    }

    private static byte[] done(int flags) {
        return message(DONE, flags, number(0));
    }

    @Example
    void everyPropertyOfAnInterfaceIsRead() {
        byte[] info = attribute(18, joined(attribute(1, text("vlan")), attribute(2, new byte[8])));
        var kernel = new ScriptedKernel()
                .then(
                        datagram(
                                link(2, 7, "eth0.5", attribute(5, number(2)), attribute(10, number(9)), info),
                                link(2, 8, "veth1", attribute(5, number(0)), attribute(37, number(0)))),
                        datagram(link(2, 2, "eth0", attribute(4, number(9000)))),
                        datagram(done(2)));

        assertThat(Links.list(kernel).values())
                .containsExactlyInAnyOrder(
                        new Link(
                                new NetDevice("eth0.5", 7),
                                Link.ETHERNET,
                                "vlan",
                                OptionalInt.of(2),
                                OptionalInt.of(9),
                                false,
                                false,
                                0),
                        new Link(
                                new NetDevice("veth1", 8),
                                Link.ETHERNET,
                                "",
                                OptionalInt.empty(),
                                OptionalInt.empty(),
                                true,
                                false,
                                0),
                        new Link(
                                new NetDevice("eth0", 2),
                                Link.ETHERNET,
                                "",
                                OptionalInt.empty(),
                                OptionalInt.empty(),
                                false,
                                false,
                                9000));
    }

    /** Before Linux 6.8 an interface can be missing in such a dump. */
    @Example
    void aDumpThatWasInterruptedIsAskedForAgain() {
        var kernel = new ScriptedKernel()
                .then(datagram(link(2 | INTERRUPTED, 2, "eth0")), datagram(done(2)))
                .then(datagram(link(2, 3, "eth1")), datagram(done(2 | INTERRUPTED)))
                .then(datagram(link(2, 2, "eth0"), link(2, 4, "eth2"), done(2)));

        assertThat(Links.list(kernel)).containsOnlyKeys("eth0", "eth2");
    }

    @Example
    void whatIsInterruptedAllTheTimeIsAFailureAndNotAShortList() {
        var kernel = new ScriptedKernel().then(datagram(link(2 | INTERRUPTED, 2, "eth0"), done(2)));

        assertThatThrownBy(() -> Links.list(kernel))
                .isInstanceOfSatisfying(
                        SystemCallException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINTR.number()));
    }

    @Example
    void anErrorIsAFailureAndNotTheEnd() {
        List.of(message(ERROR, 0, number(-12)), message(DONE, 2, number(-12)))
                .forEach(error -> assertThatThrownBy(() ->
                                Links.list(new ScriptedKernel().then(datagram(link(2, 2, "eth0")), datagram(error))))
                        .isInstanceOfSatisfying(
                                SystemCallException.class,
                                e -> assertThat(e.errno()).isEqualTo(12)));
    }

    @Example
    void silenceIsAFailureAndNotTheEnd() {
        var kernel = new ScriptedKernel().then(datagram(link(2, 2, "eth0")), Optional::empty);

        assertThatThrownBy(() -> Links.list(kernel)).isInstanceOf(SystemCallException.class);
    }

    @Example
    void lengthsThatDoNotAddUpAreAFailureAndNotTheEnd() {
        byte[] cut = Arrays.copyOf(link(2, 2, "eth0"), 30);

        assertThatThrownBy(() -> Links.list(new ScriptedKernel().then(datagram(done(2), cut))))
                .isInstanceOf(SystemCallException.class);
    }

    @Example
    void defaultRoutesOfTheMainTableAreToldWithAllTheirWays() {
        byte[] nextHop = ByteBuffer.allocate(8)
                .order(ByteOrder.nativeOrder())
                .putShort((short) 8)
                .putInt(4, 6)
                .array();
        var kernel = new ScriptedKernel()
                .then(datagram(
                        route(2, 0, 254, attribute(4, number(2))),
                        route(2, 0, 254, attribute(9, joined(nextHop, nextHop))),
                        route(2, 24, 254, attribute(4, number(3))),
                        route(2, 0, 100, attribute(4, number(4))),
                        done(2)));

        assertThat(Links.ofDefaultRoutes(kernel)).containsExactly(2, 6);
    }

    @Example
    void whereRoutesChangeAllTheTimeADefaultRouteThatAnyDumpShowsIsThere() {
        var kernel = new ScriptedKernel()
                .then(datagram(route(2 | INTERRUPTED, 0, 254, attribute(4, number(2))), done(2)))
                .then(datagram(done(2 | INTERRUPTED)));

        assertThat(Links.ofDefaultRoutes(kernel)).containsExactly(2);
    }

    @Property(tries = 5000)
    void whateverTheBytesAreTheyAreReadOrRefused(@ForAll @Size(max = 200) byte[] bytes) {
        readAll(bytes);
    }

    @Property(tries = 5000)
    void aMessageWithWrongBytesIsReadOrRefused(
            @ForAll @IntRange(max = 130) int at, @ForAll byte wrong, @ForAll @IntRange(max = 150) int length) {
        byte[] info = attribute(18, attribute(1, text("vlan")));
        byte[] bytes = joined(
                link(2, 7, "eth0.5", attribute(5, number(2)), info), route(2, 0, 254, attribute(9, new byte[16])));
        bytes[Math.min(at, bytes.length - 1)] = wrong;
        readAll(Arrays.copyOf(bytes, Math.min(length, bytes.length)));
    }

    private static void readAll(byte[] bytes) {
        ByteBuffer datagram = ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
        RouteMessage.in(datagram, bytes.length)
                .ifPresent(messages -> messages.forEach(message -> {
                    message.link()
                            .ifPresent(link -> assertThat(link.device().name()).isNotEmpty());
                    message.defaultRoute();
                    message.isAboutAnotherRoute();
                    message.error();
                }));
    }
}
