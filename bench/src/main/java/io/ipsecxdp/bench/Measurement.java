package io.ipsecxdp.bench;

import java.util.List;

/** One thing that {@code make bench} measures. */
public interface Measurement {

    /** What {@code ONLY} calls it; its figures' ids begin with it, or are listed in {@code what}. */
    String id();

    /** What is measured, and beside what. */
    String what();

    /**
     * Measures. What it throws becomes the reason of a figure without a value, and the others are measured all the same.
     *
     * @param labs where it can be done
     */
    List<Figure> measure(Labs labs);
}
