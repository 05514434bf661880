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

/** The way from a node to the API server, which can be closed. */
final class Gate implements AutoCloseable {

    private final InetSocketAddress address;
    private final int target;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
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

    /** Ends all connections, and takes no new ones. */
    @Override
    public void close() {
        close(listening);
        connections.forEach(Gate::close);
        connections.clear();
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

    private static void pump(Socket from, Socket to) {
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
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
