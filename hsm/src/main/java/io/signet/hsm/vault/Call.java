package io.signet.hsm.vault;

import java.util.Map;

/**
 * One request, without where it goes and who asks.
 *
 * @param path below {@code /v1/}
 * @param repeatable whether its bytes may be sent a second time when it is not known what the first
 *     did (KC-6)
 */
record Call(Verb verb, String path, Map<String, Object> body, boolean repeatable) {

  enum Verb {
    READ,
    LIST,
    WRITE,
    DELETE
  }

  static Call read(String path) {
    return new Call(Verb.READ, path, Map.of(), true);
  }

  static Call list(String path) {
    return new Call(Verb.LIST, path, Map.of(), true);
  }

  /** To be sent once more if need be. */
  static Call write(String path, Map<String, Object> body) {
    return new Call(Verb.WRITE, path, body, true);
  }

  static Call writeOnce(String path, Map<String, Object> body) {
    return new Call(Verb.WRITE, path, body, false);
  }

  static Call delete(String path) {
    return new Call(Verb.DELETE, path, Map.of(), false);
  }

  /** What a policy must allow for it. */
  String capability() {
    return switch (verb) {
      case READ -> "read";
      case LIST -> "list";
      case WRITE -> "update";
      case DELETE -> "delete";
    };
  }

  /** Not the body: it may hold a secret. */
  @Override
  public String toString() {
    return verb + " " + path;
  }
}
