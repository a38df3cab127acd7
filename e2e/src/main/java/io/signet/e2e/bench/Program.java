package io.signet.e2e.bench;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** How Signet itself is started, in a process of its own. */
final class Program {

  private final List<String> prefix;

  private Program(List<String> prefix) {
    this.prefix = prefix;
  }

  /** By the class path, the JVM and the JVM's options that this program itself runs with. */
  static Program here(List<String> moreJavaOptions) {
    return of("io.signet.ca.app.Main", moreJavaOptions);
  }

  /** As {@link #here}, but another program that is on the class path. */
  static Program of(String main) {
    return of(main, List.of());
  }

  private static Program of(String main, List<String> moreJavaOptions) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return new Program(
        Stream.of(
                Stream.of(java),
                ManagementFactory.getRuntimeMXBean().getInputArguments().stream(),
                moreJavaOptions.stream(),
                Stream.of("-cp", jars(), main))
            .flatMap(part -> part)
            .toList());
  }

  // An AOT cache is made for jars only, not for folders of classes. Each jar once: what is there
  // twice has its resources twice, and logback complains of that on standard output.
  private static String jars() {
    Map<Path, String> jars = new LinkedHashMap<>();
    Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> entry.endsWith(".jar"))
        .forEach(entry -> jars.putIfAbsent(Path.of(entry).getFileName(), entry));
    return String.join(File.pathSeparator, jars.values());
  }

  /** By a launcher, which brings its own of all that. */
  static Program launchedBy(Path launcher) {
    return new Program(List.of(launcher.toAbsolutePath().toString()));
  }

  List<String> command(List<String> arguments) {
    return Stream.concat(prefix.stream(), arguments.stream()).toList();
  }

  /** What a command prints that ends by itself. */
  String output(List<String> arguments) throws BenchException, IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command(arguments))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new BenchException(
          "signet %s exited with %d".formatted(arguments.getFirst(), process.exitValue()));
    }
    return printed.strip();
  }

  /** The launcher if there is one, or {@link #here}. */
  static Program of(Optional<Path> launcher, List<String> javaOptions) {
    return launcher.map(Program::launchedBy).orElseGet(() -> here(javaOptions));
  }
}
