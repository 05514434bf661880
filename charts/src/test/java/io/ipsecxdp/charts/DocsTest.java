package io.ipsecxdp.charts;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documentation says of things that can be looked up. */
class DocsTest {
    private static final Pattern REASON = Pattern.compile("(?m)^\\| `([A-Z][A-Za-z]+)` \\|");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern RECORD = Pattern.compile("[0-9]{4}-[a-z-]+\\.md");

    @Test
    void everyReasonHasARemedyAndNoOtherHas() throws IOException {
        var operations = Files.readString(Project.ROOT.resolve("docs/operations.md"));
        var conditions = operations.split("\n## Conditions\n", 2)[1].split("\n## ", 2)[0];
        assertThat(REASON.matcher(conditions).results().map(found -> found.group(1)))
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(Reason.values()).map(Reason::name).toList());
    }

    @Test
    void everyLinkLeadsToAFile() throws IOException {
        var broken = new ArrayList<String>();
        assertThat(pages()).contains(Project.ROOT.resolve("docs/architecture.md"));
        for (Path page : pages()) {
            LINK.matcher(Files.readString(page))
                    .results()
                    .map(link -> link.group(1))
                    .forEach(link -> {
                        boolean elsewhere = link.contains("://") || link.startsWith("#");
                        if (!elsewhere && !Files.exists(page.resolveSibling(link.split("#")[0]))) {
                            broken.add(Project.ROOT.relativize(page) + " -> " + link);
                        }
                    });
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void everyDecisionIsListed() throws IOException {
        Path folder = Project.ROOT.resolve("docs/decisions");
        var index = Files.readString(folder.resolve("README.md"));
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(name -> RECORD.matcher(name).matches()))
                    .isNotEmpty()
                    .allSatisfy(name -> assertThat(index).contains("(" + name + ")"));
        }
    }

    private static List<Path> pages() throws IOException {
        var pages = new ArrayList<Path>();
        try (Stream<Path> top = Files.list(Project.ROOT);
                Stream<Path> docs = Files.walk(Project.ROOT.resolve("docs"))) {
            Stream.concat(top, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .forEach(pages::add);
        }
        return pages;
    }
}
