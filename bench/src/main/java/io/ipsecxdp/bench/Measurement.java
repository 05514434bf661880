package io.ipsecxdp.bench;

import java.util.List;

/** One thing that {@code make bench} measures. */
public interface Measurement {

    /** What {@code ONLY} calls it. */
    String id();

    /** What is measured, and beside what. */
    String what();

    /**
     * How it is measured, and what a reader has to know to understand the figures: paragraphs of Markdown for {@code
     * docs/figures.md}, which has the links relative to {@code docs}.
     */
    String method();

    /**
     * Measures. What it throws becomes the reason of a figure without a value, and the others are measured all the same.
     *
     * @param labs where it can be done
     */
    List<Figure> measure(Labs labs);
}
