package io.signet.ca.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Collects what is wrong, and where, so that a person is told everything at once. */
final class Problems {
  private final Map<String, Integer> lines = new HashMap<>();
  private final List<Problem> found = new ArrayList<>();

  /** Notes the line of a key, for the problems that come to light later. */
  void stands(String key, int line) {
    lines.put(key, line);
  }

  void add(String key, String value, String expected) {
    addAt(lineOf(key), key, value, expected);
  }

  void addAt(int line, String key, String value, String expected) {
    found.add(new Problem(line, key, value, expected));
  }

  int count() {
    return found.size();
  }

  /** Builds a value; what its constructor refuses becomes a problem. */
  <T> Optional<T> attempt(Supplier<T> construction) {
    var built = new AtomicReference<@Nullable T>();
    check(() -> built.set(construction.get()));
    return Optional.ofNullable(built.get());
  }

  /** Runs a check; what it refuses becomes a problem. */
  void check(Runnable check) {
    try {
      check.run();
    } catch (InvalidValueException e) {
      found.add(e.problem().atLine(lineOf(e.problem().key())));
    }
  }

  void throwIfAny() throws ConfigException {
    if (!found.isEmpty()) {
      throw ConfigException.inOrder(found);
    }
  }

  // What is missing has no line of its own: the section it is missing from has one.
  private int lineOf(String key) {
    Integer line = lines.get(key);
    if (line != null || key.isEmpty()) {
      return line == null ? 0 : line;
    }
    return lineOf(key.substring(0, Math.max(0, key.lastIndexOf('.'))));
  }
}
