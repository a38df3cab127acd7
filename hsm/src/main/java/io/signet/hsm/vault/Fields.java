package io.signet.hsm.vault;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object as plain Java: text, {@code Long}, {@code Boolean}, lists and maps. What is absent,
 * null or of another type reads as empty: a server is not believed to send what it promised.
 */
record Fields(Map<String, Object> members) {

  static final Fields NONE = new Fields(Map.of());

  Fields {
    members = Map.copyOf(members);
  }

  Set<String> names() {
    return members.keySet();
  }

  Optional<String> text(String name) {
    return members.get(name) instanceof String text ? Optional.of(text) : Optional.empty();
  }

  OptionalLong number(String name) {
    return members.get(name) instanceof Long number
        ? OptionalLong.of(number)
        : OptionalLong.empty();
  }

  boolean flag(String name) {
    return Boolean.TRUE.equals(members.get(name));
  }

  Fields fields(String name) {
    return of(members.get(name));
  }

  List<Fields> list(String name) {
    return items(name).stream().map(Fields::of).toList();
  }

  List<String> texts(String name) {
    return items(name).stream().filter(String.class::isInstance).map(String.class::cast).toList();
  }

  boolean isEmptyList(String name) {
    return members.get(name) instanceof List<?> list && list.isEmpty();
  }

  private List<?> items(String name) {
    return members.get(name) instanceof List<?> list ? list : List.of();
  }

  @SuppressWarnings("unchecked") // by construction the maps in it have such names and values
  private static Fields of(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? new Fields((Map<String, Object>) map) : NONE;
  }

  /** Not what it holds: that may be a token. */
  @Override
  public String toString() {
    return "Fields" + members.keySet();
  }
}
