package io.signet.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;

import io.signet.e2e.peers.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** All that is reachable in the heap of a Java process. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record HeapDump(byte[] content) {

  /** Takes one, after a collection of what is not reachable any more. */
  static HeapDump of(long pid, Path folder) throws IOException {
    Path file = folder.resolve("heap.hprof");
    jcmd(pid, "GC.run"); // the JDK wipes its copies when a first collection finds them
    jcmd(pid, "GC.heap_dump", file.toString());
    try {
      return new HeapDump(Files.readAllBytes(file));
    } finally {
      Files.delete(file);
    }
  }

  private static void jcmd(long pid, String... order) throws IOException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    List<String> command = new ArrayList<>(List.of(jcmd, String.valueOf(pid)));
    command.addAll(List.of(order));
    String _ = Command.run(command);
  }

  /** How often the ASCII text is in a {@code byte[]}, which each String has one of. */
  long inBytes(String text) {
    return count(text.getBytes(ISO_8859_1));
  }

  /** How often the ASCII text is in a {@code char[]}. */
  long inChars(String text) {
    return count(text.getBytes(UTF_16BE));
  }

  private long count(byte[] wanted) {
    return IntStream.rangeClosed(0, content.length - wanted.length)
        .filter(at -> startsAt(at, wanted))
        .count();
  }

  private boolean startsAt(int at, byte[] wanted) {
    for (int i = 0; i < wanted.length; i++) {
      if (content[at + i] != wanted[i]) {
        return false;
      }
    }
    return true;
  }
}
