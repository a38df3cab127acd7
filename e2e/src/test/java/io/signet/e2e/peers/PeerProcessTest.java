package io.signet.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PeerProcessTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir private Path folder;

  @Test
  void start_environmentAndOutput_reachProgramAndLog() throws IOException {
    try (var process = shell(Map.of("GREETING", "hello"), "echo $GREETING; echo no >&2; cat")) {
      process.awaitOutput("hello\nno\n", SOON);
      assertThat(process.isAlive()).isTrue();
    }
  }

  @Test
  void awaitReady_programExits_failsAtOnceWithExitCodeAndLog() throws IOException {
    try (var process = shell(Map.of(), "echo the reason; exit 3")) {
      assertThatThrownBy(() -> process.awaitReady(SOON, () -> false))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("exited with 3")
          .hasMessageContaining("the reason");
    }
  }

  @Test
  void awaitReady_deadlinePasses_failsWithLogAndLastProblem() throws IOException {
    try (var process = shell(Map.of(), "echo busy; cat")) {
      process.awaitOutput("busy", SOON);
      Await.Condition never =
          () -> {
            throw new IOException("not yet");
          };
      assertThatThrownBy(() -> process.awaitReady(Duration.ofMillis(50), never))
          .hasMessageContaining("busy")
          .hasRootCauseMessage("not yet");
    }
  }

  @Test
  void log_afterRestart_holdsOnlyTheNewRun() throws IOException {
    shellToItsEnd("echo first");
    assertThat(shellToItsEnd("echo second")).isEqualTo("second\n");
  }

  @Test
  void stop_programCleansUpOnSigterm_waitsForIt() throws IOException {
    var process = shell(Map.of(), "trap 'echo bye; exit' TERM; echo up; while :; do read x; done");
    process.awaitOutput("up", SOON);
    process.stop();
    assertThat(process.isAlive()).isFalse();
    assertThat(process.log()).endsWith("bye\n");
  }

  @Test
  void freeze_untilThawed_haltsTheProgram() throws IOException {
    try (var process = shell(Map.of(), "cat")) {
      process.freeze();
      Await.until("the halt", SOON, () -> stateOf(process).equals("T"));
      process.thaw();
      Await.until("the thaw", SOON, () -> !stateOf(process).equals("T"));
    }
  }

  @Test
  void stop_frozenProgram_endsIt() throws IOException {
    var process = shell(Map.of(), "cat");
    process.freeze();
    process.stop();
    assertThat(process.isAlive()).isFalse();
  }

  @Test
  void start_jvmExitsWithoutStop_programIsKilled() throws IOException {
    String java = ProcessHandle.current().info().command().orElseThrow();
    String classes = System.getProperty("java.class.path");
    String pid =
        Command.run(List.of(java, "-cp", classes, Forgetful.class.getName(), folder.toString()));
    Await.until("the end", SOON, () -> ProcessHandle.of(Long.parseLong(pid.strip())).isEmpty());
  }

  /** Starts a program that would run for hours, prints its process id, and exits. */
  static final class Forgetful {
    public static void main(String[] arguments) throws IOException {
      Path folder = Path.of(arguments[0]);
      var process = PeerProcess.start("sleep", folder, Map.of(), List.of("sleep", "10000"));
      System.out.println(process.pid());
    }
  }

  private PeerProcess shell(Map<String, String> environment, String script) throws IOException {
    return PeerProcess.start("shell", folder, environment, List.of("sh", "-c", script));
  }

  private String shellToItsEnd(String script) throws IOException {
    try (var process = shell(Map.of(), script)) {
      Await.until("the end", SOON, () -> !process.isAlive());
      return process.log();
    }
  }

  // proc(5): the state is the third field of /proc/PID/stat, T for stopped by a signal.
  private static String stateOf(PeerProcess process) throws IOException {
    return Files.readString(Path.of("/proc/" + process.pid() + "/stat")).split(" ", -1)[2];
  }
}
