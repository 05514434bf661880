package io.ipsecxdp.charts;

import java.nio.file.Path;

/** Where this project's files are: Maven runs tests in the folder of the module. */
final class Project {
    static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    static final Chart CHART = Chart.ofProject(ROOT);

    private Project() {}
}
