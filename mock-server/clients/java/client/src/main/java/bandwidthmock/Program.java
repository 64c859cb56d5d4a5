package bandwidthmock;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds the program: that of {@code BANDWIDTH_MOCK}, else the one in a jar, else the one on the PATH. */
final class Program {
    private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");
    private static final String NAME = WINDOWS ? "bandwidth-mock.exe" : "bandwidth-mock";

    private Program() {}

    static Path find() {
        return find(System.getenv("BANDWIDTH_MOCK"), platform(), System.getenv("PATH"));
    }

    static Path find(String named, String platform, String path) {
        if (named != null && !named.isEmpty()) {
            return Stream.concat(Stream.of(Path.of(named)), inFolders(path, named))
                .filter(Program::isProgram)
                .findFirst()
                .orElseThrow(() -> new MockException("BANDWIDTH_MOCK names " + named + ", which is not a program"));
        }
        var packed = fromJar("/bandwidth-mock/" + platform + "/");
        if (packed != null) {
            return packed;
        }
        return inFolders(path, NAME).filter(Program::isProgram).findFirst().orElseThrow(() -> new MockException(
            "there is no program; add the artifact bandwidth-mock:bandwidth-mock-" + platform
                + ", or build the program and put it on the PATH or its path into BANDWIDTH_MOCK"));
    }

    /** As the jars are named, for example {@code linux-x86_64}. */
    private static String platform() {
        var system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        var machine = System.getProperty("os.arch").replace("amd64", "x86_64").replace("arm64", "aarch64");
        return (WINDOWS ? "windows" : system.startsWith("mac") ? "macos" : system) + "-" + machine;
    }

    private static Stream<Path> inFolders(String path, String name) {
        return Pattern.compile(Pattern.quote(File.pathSeparator))
            .splitAsStream(path == null ? "" : path)
            .filter(folder -> !folder.isEmpty())
            .map(folder -> Path.of(folder, name));
    }

    private static boolean isProgram(Path path) {
        return Files.isRegularFile(path) && Files.isExecutable(path);
    }

    /** Copies the program of a folder of resources to a temporary file, unless an earlier test run did. */
    private static Path fromJar(String folder) {
        try (var sum = Program.class.getResourceAsStream(folder + "sha256");
            var program = Program.class.getResourceAsStream(folder + NAME)) {
            if (sum == null || program == null) {
                return null;
            }
            var checksum = new String(sum.readAllBytes(), StandardCharsets.US_ASCII).strip();
            var temporary = Path.of(System.getProperty("java.io.tmpdir"));
            return copy(program, temporary, temporary.resolve("bandwidth-mock-" + checksum + "-" + NAME));
        } catch (IOException error) {
            throw new MockException("the program in the jar cannot be copied to a temporary file: " + error);
        }
    }

    private static Path copy(InputStream program, Path temporary, Path kept) throws IOException {
        // Readable and writable for this user only.
        var fresh = Files.createTempFile(temporary, "bandwidth-mock-", "-" + NAME);
        // Others may write to the folder: a file of theirs is not run.
        if (Files.isRegularFile(kept, LinkOption.NOFOLLOW_LINKS)
            && Files.getOwner(kept, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(fresh))) {
            Files.delete(fresh);
            return kept;
        }
        try (var out = Files.newOutputStream(fresh)) {
            program.transferTo(out);
        }
        fresh.toFile().setExecutable(true, true);
        try {
            return Files.move(fresh, kept, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException notOurs) {
            fresh.toFile().deleteOnExit();
            return fresh;
        }
    }
}
