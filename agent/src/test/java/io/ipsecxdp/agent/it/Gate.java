package io.ipsecxdp.agent.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The way from a node to the API server, which can be closed. */
final class Gate implements AutoCloseable {

    private final InetSocketAddress address;
    private final int target;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final Set<Socket> forgotten = ConcurrentHashMap.newKeySet();
    private ServerSocket listening;

    /**
     * @param address where nodes find the API server
     * @param target its port on this machine's loopback
     */
    Gate(String address, int target) {
        this.address = new InetSocketAddress(address, target);
        this.target = target;
        open();
    }

    void open() {
        try {
            listening = new ServerSocket();
            listening.setReuseAddress(true);
            listening.bind(address);
            ServerSocket accepting = listening;
            Thread.ofVirtual().start(() -> accept(accepting));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A load balancer forgets all connections: nothing passes any more, neither of the ends hears of it, new ones are well. */
    void forget() {
        forgotten.addAll(connections);
    }

    /** Ends all connections, and takes no new ones. */
    @Override
    public void close() {
        close(listening);
        connections.forEach(Gate::close);
        connections.clear();
        forgotten.clear();
    }

    private void accept(ServerSocket accepting) {
        try {
            while (true) {
                Socket node = accepting.accept();
                Socket apiServer = new Socket(InetAddress.getLoopbackAddress(), target);
                connections.add(node);
                connections.add(apiServer);
                Thread.ofVirtual().start(() -> pump(node, apiServer));
                Thread.ofVirtual().start(() -> pump(apiServer, node));
            }
        } catch (IOException e) {
            // Closed
        }
    }

    private void pump(Socket from, Socket to) {
        byte[] some = new byte[8192];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int read = in.read(some); read >= 0; read = in.read(some)) {
                if (!forgotten.contains(from)) {
                    out.write(some, 0, read);
                }
            }
            while (forgotten.contains(from) && connections.contains(from)) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // One of the two hung up
        }
    }

    private static void close(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
