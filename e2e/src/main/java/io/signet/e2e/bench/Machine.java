package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where figures were measured, without which they mean nothing. */
record Machine(int cores, String processor, String jdk, String loadAverage, String command) {

  static Machine here(String command) throws IOException {
    return new Machine(
        Runtime.getRuntime().availableProcessors(),
        processor(Files.readString(Path.of("/proc/cpuinfo"))),
        System.getProperty("java.vendor", "?") + " " + Runtime.version(),
        loadNow(),
        command.strip());
  }

  /** How many have wanted a core in the last minute. */
  static String loadNow() throws IOException {
    return Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0];
  }

  /** The first {@code model name} of {@code /proc/cpuinfo}. */
  static String processor(String cpuinfo) {
    return cpuinfo
        .lines()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  void addTo(Table table) {
    table
        .row("command", command)
        .row("machine", "%d cores, %s".formatted(cores, processor))
        .row("load before", loadAverage + " (1 minute)")
        .row("JDK", jdk);
  }

  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("command", command);
    fields.put("cores", cores);
    fields.put("processor", processor);
    fields.put("load-before", loadAverage);
    fields.put("jdk", jdk);
    return fields;
  }
}
