package io.ipsecxdp.bench;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.ipsecxdp.e2e.Project;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** One name, one thing: over all modules, so that a name in a review, a log or a search means one class. */
class NamesTest {

    @Test
    void noSimpleClassNameOccursTwiceInMainCode() throws IOException {
        Map<String, Set<String>> classes = new ClassFileImporter()
                .importPaths(mainCode()).stream()
                        .filter(type -> type.isTopLevelClass()
                                && !type.getSimpleName().equals("package-info")
                                && type.getPackageName().startsWith("io.ipsecxdp"))
                        .collect(groupingBy(JavaClass::getSimpleName, mapping(JavaClass::getName, toSet())));
        assertThat(classes.keySet()).contains("SecurityAssociation", "Xfrm", "KernelThread", "Compiler", "Demo");
        assertThat(classes.values()).filteredOn(same -> same.size() > 1).isEmpty();
    }

    private static List<Path> mainCode() throws IOException {
        try (Stream<Path> modules = Files.list(Project.here().root())) {
            return modules.map(module -> module.resolve("target/classes"))
                    .filter(Files::isDirectory)
                    .toList();
        }
    }
}
