package io.signet.ca.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** What an administrator says: a JSON object of texts, of which none may be unknown. */
public final class AdminBody {
  private static final int LONGEST_SHOWN = 100;

  private static final ObjectReader JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build()
          .reader();

  private final ObjectNode members;

  private AdminBody(ObjectNode members) {
    this.members = members;
  }

  /**
   * Reads it; no bytes are an empty object.
   *
   * @throws BadBodyException if it is no JSON object
   */
  static AdminBody of(byte[] body) throws BadBodyException {
    if (body.length == 0) {
      return new AdminBody(JsonNodeFactory.instance.objectNode());
    }
    try {
      if (JSON.readTree(body) instanceof ObjectNode members) {
        return new AdminBody(members);
      }
    } catch (JsonProcessingException e) {
      throw new BadBodyException(
          "body: %s (expected: a JSON object)".formatted(printable(e.getOriginalMessage())));
    } catch (IOException e) {
      throw new BadBodyException("body: no text (expected: a JSON object)");
    }
    throw new BadBodyException("body: no object (expected: a JSON object)");
  }

  /**
   * Refuses every member but these.
   *
   * @throws BadBodyException naming the first other one
   */
  public AdminBody only(String... known) throws BadBodyException {
    List<String> names = List.of(known);
    for (var member : members.properties()) {
      if (!names.contains(member.getKey())) {
        String expected = names.isEmpty() ? "no member" : String.join(" or ", names);
        throw new BadBodyException(
            "%s: unknown member (expected: %s)".formatted(printable(member.getKey()), expected));
      }
    }
    return this;
  }

  /**
   * A text that must be there.
   *
   * @param longest in characters
   * @throws BadBodyException if it is not, or is blank, too long, or holds control characters
   */
  public String text(String name, int longest) throws BadBodyException {
    return optional(name, longest)
        .orElseThrow(() -> new BadBodyException(name + ": missing (expected: a text)"));
  }

  /** The same, if it is there. */
  public Optional<String> optional(String name, int longest) throws BadBodyException {
    JsonNode found = members.path(name);
    if (found.isMissingNode()) {
      return Optional.empty();
    }
    if (!found.isTextual()) {
      throw new BadBodyException("%s: no text (expected: a text)".formatted(name));
    }
    String text = found.textValue().strip();
    if (text.isEmpty()
        || text.length() > longest
        || text.chars().anyMatch(Character::isISOControl)) {
      throw new BadBodyException(
          "%s: %s (expected: 1 to %d characters on one line)"
              .formatted(name, text.isEmpty() ? "empty" : printable(text), longest));
    }
    return Optional.of(text);
  }

  /** As it was sent, on one line. */
  @Override
  public String toString() {
    return members.toString();
  }

  private static String printable(String text) {
    String shown = text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
    return shown.replaceAll("[^ -~]", "?");
  }

  /** It is not as it should be; the message says how it should. */
  public static final class BadBodyException extends Exception {

    private static final long serialVersionUID = 1L;

    public BadBodyException(String message) {
      super(message);
    }
  }
}
