package io.signet.e2e;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.attribute.PosixFilePermissions.fromString;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.PeerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The real {@code ./signet}, in a checkout of its own whose build is a copy of ours, so that it
 * cannot rebuild what these tests run on. JDKs that only say how they were called stand for real
 * ones where nothing has to run.
 */
@Tag("e2e")
final class LauncherE2eTest {
  private static final Path REPOSITORY = Path.of("..");
  private static final String JAR = "signet-ca-server-0.1.0-SNAPSHOT.jar";
  private static final Duration PATIENCE = Duration.ofMinutes(5); // also trains

  @TempDir private Path temporary;
  private Path home;
  private Path maven;

  @BeforeEach
  void checkOut() throws IOException {
    home = Files.createDirectory(temporary.resolve("signet"));
    for (String file : List.of("signet", "pom.xml", "ca-server/pom.xml", "e2e/peers/fetch")) {
      copyFromRepository(file);
    }
    Files.createDirectories(home.resolve("ca-server/src/main"));
    maven = temporary.resolve("bin/mvn");
    mavenThatBuilds("touch " + JAR + " lib/any.jar");
  }

  @Test
  void run_builtProgram_getsArgumentsAndGivesItsExitCode() throws IOException {
    var result = signet(jdk("chosen", "25.0.3", 7), "svid", "fetch", "--name", "a b");
    assertThat(result.output())
        .contains("jdk chosen", "io.signet.ca.app.Main svid fetch --name a b");
    assertThat(result.exit()).isEqualTo(7);
  }

  @Test
  void jdk_chosenFolderIsNoJdk25_refusedByName() throws IOException {
    Path older = jdk("older", "21.0.1", 0);
    for (Path chosen : List.of(older, temporary.resolve("nothing"))) {
      var result = signet(chosen, "--version");
      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.errors())
          .isEqualToIgnoringNewLines(
              "signet: SIGNET_JAVA_HOME=" + chosen + ": no JDK 25 (expected: its folder)");
    }
  }

  @Test
  void jdk_javaHomeIs25_taken() throws IOException {
    var environment = Map.of("JAVA_HOME", jdk("of-java-home", "25.0.3", 0).toString());
    assertThat(signet(environment, "--version").output()).contains("jdk of-java-home");
  }

  @Test
  void jdk_javaHomeIsOlder_theOneOfThePathIsTaken() throws IOException {
    Path onPath = jdk("on-path", "25.0.3", 0);
    var environment =
        Map.of(
            "JAVA_HOME",
            jdk("older", "21.0.1", 0).toString(),
            "PATH",
            onPath.resolve("bin") + ":" + path());
    assertThat(signet(environment, "--version").output()).contains("jdk on-path");
  }

  @Test
  void build_nothingChanged_notAgain() throws IOException {
    Path jdk = jdk("chosen", "25.0.3", 0);
    for (int i = 0; i < 2; i++) assertThat(signet(jdk, "--version").exit()).isZero();
    assertThat(mavenCalls()).hasSize(1);
  }

  @Test
  void build_twoFirstUsesAtOnce_once() throws Exception {
    Path jdk = jdk("chosen", "25.0.3", 0);
    var environment = environment(Map.of("SIGNET_JAVA_HOME", jdk.toString()));
    try (var one = PeerProcess.start("one", temporary, environment, List.of(launcher(), "dev"));
        var two = PeerProcess.start("two", temporary, environment, List.of(launcher(), "dev"))) {
      assertThat(one.awaitExit(PATIENCE)).as(one.log()).isZero();
      assertThat(two.awaitExit(PATIENCE)).as(two.log()).isZero();
    }
    assertThat(mavenCalls()).hasSize(1);
  }

  @Test
  void build_failed_saidAndTriedAgain() throws IOException {
    Path jdk = jdk("chosen", "25.0.3", 0);
    Path fails = Files.createFile(temporary.resolve("mvn.fails"));
    var result = signet(jdk, "--version");
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.errors()).contains("the build failed", "build.log");
    Files.delete(fails);
    assertThat(signet(jdk, "--version").exit()).isZero();
  }

  @Test
  void build_sourceChanged_againWithoutTheDependenciesOfBefore() throws IOException {
    Path jdk = jdk("chosen", "25.0.3", 0);
    assertThat(signet(jdk, "--version").exit()).isZero();
    Path before = Files.createFile(target().resolve("lib/of-before.jar"));
    Files.createFile(home.resolve("ca-server/src/main/New.java"));
    assertThat(signet(jdk, "--version").output()).doesNotContain("of-before.jar");
    assertThat(before).doesNotExist();
    assertThat(mavenCalls()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bogus", "unit-tests", "--bogus"})
  void test_unknownArgument_wrongUsageBeforeAnythingElse(String argument) throws IOException {
    var result = signet(Map.of(), "test", argument);
    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.errors()).contains("usage: signet test");
    assertThat(result.output()).isEmpty();
    assertThat(mavenCalls()).isEmpty();
  }

  @Test
  void test_help_said() throws IOException {
    var result = signet(Map.of(), "test", "--help");
    assertThat(result.exit()).isZero();
    assertThat(result.output()).contains("usage: signet test", "unit", "e2e", "all");
  }

  @Test
  void test_peerMissingAndMavenFails_bothAreTold() throws IOException {
    Path peers = Files.createDirectories(temporary.resolve("peers"));
    Files.createFile(temporary.resolve("mvn.fails"));
    script(
        home.resolve("e2e/peers/fetch"),
        "[[ $1 != --missing ]] || echo \"missing: ${*:2}: no network\"");
    var result =
        signet(
            Map.of("SIGNET_PEERS", "" + peers, "SIGNET_JAVA_HOME", "" + jdk("any", "25.0.3", 0)),
            "test",
            "unit");
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.errors()).contains("missing: softhsm opensc hostile-x509: no network");
    assertThat(mavenCalls()).singleElement().asString().contains("verify");
  }

  // The real program: what a person types first, and how a service manager ends it.
  @Test
  void dev_realProgram_readyAndEndsInOrder() throws IOException {
    Path built = REPOSITORY.resolve("ca-server/target").toAbsolutePath();
    mavenThatBuilds("cp -p \"" + built.resolve(JAR) + "\" . && cp -p \"" + built + "\"/lib/* lib");
    var environment = environment(Map.of("SIGNET_JAVA_HOME", System.getProperty("java.home")));
    var command =
        List.of(launcher(), "dev", "--dir", "dev", "--workload-port", "0", "--operator-port", "0");
    try (var signet = PeerProcess.start("dev", temporary, environment, command)) {
      signet.awaitReady(
          PATIENCE, () -> signet.log().lines().anyMatch(line -> line.startsWith("ready")));
      signet.terminate();
      assertThat(signet.awaitExit(PATIENCE)).as(signet.log()).isZero();
    }
    // One that could not be made is empty, and everything works without it.
    assertThat(target().resolve("signet.aot")).isNotEmptyFile();
    assertThat(temporary.resolve("dev/sds.sock")).doesNotExist();
  }

  private Command.Result signet(Path jdk, String... arguments) throws IOException {
    return signet(Map.of("SIGNET_JAVA_HOME", jdk.toString()), arguments);
  }

  private Command.Result signet(Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = Stream.concat(Stream.of(launcher()), Stream.of(arguments)).toList();
    return Command.result(environment(environment), command);
  }

  private Map<String, String> environment(Map<String, String> more) {
    Map<String, String> environment = new HashMap<>();
    environment.put("PATH", path());
    environment.put("SIGNET_JAVA_HOME", "");
    environment.put("JAVA_HOME", "");
    environment.put("CI", "");
    environment.putAll(more);
    return environment;
  }

  private String path() {
    return maven.resolveSibling("") + ":" + System.getenv("PATH");
  }

  private String launcher() {
    return home.resolve("signet").toString();
  }

  private Path target() {
    return home.resolve("ca-server/target");
  }

  /** Puts a Maven on the path that notes each call, and then does this in the target folder. */
  private void mavenThatBuilds(String command) throws IOException {
    script(
        maven,
        """
        echo "$*" >> "%1$s/mvn.calls"
        [[ -e "%1$s/mvn.fails" ]] && exit 1
        mkdir -p "%2$s/lib" && cd "%2$s" && %3$s
        """
            .formatted(temporary, target(), command));
  }

  private List<String> mavenCalls() throws IOException {
    Path calls = temporary.resolve("mvn.calls");
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  /** A tree that looks like a JDK, whose java says who it is and how it was called. */
  private Path jdk(String name, String version, int exit) throws IOException {
    Path jdk = temporary.resolve(name);
    script(jdk.resolve("bin/java"), "echo \"jdk " + name + " $*\"; exit " + exit);
    script(jdk.resolve("bin/javac"), "");
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    return jdk;
  }

  private static void script(Path file, String lines) throws IOException {
    Files.createDirectories(file.resolveSibling(""));
    Files.writeString(file, "#!/usr/bin/env bash\n" + lines);
    Files.setPosixFilePermissions(file, fromString("rwx------"));
  }

  private void copyFromRepository(String name) throws IOException {
    Path to = home.resolve(name);
    Files.createDirectories(to.resolveSibling(""));
    Files.copy(REPOSITORY.resolve(name), to, COPY_ATTRIBUTES);
  }
}
