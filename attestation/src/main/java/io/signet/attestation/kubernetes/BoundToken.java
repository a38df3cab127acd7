package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.Json.eachField;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The claims of a service account token as the API server makes it today: bound to nothing, to a
 * pod or to a node. Any other form is for the API server to judge: a binding that we do not know
 * may be one that has ended.
 *
 * @param start the later of {@code nbf} and {@code iat}
 * @param pod that it is bound to, if it is
 * @param node that the pod is on; without a pod, what it is bound to, if it is
 */
record BoundToken(
    String issuer,
    List<String> audiences,
    Instant start,
    Instant expiry,
    String namespace,
    Ref account,
    Optional<Ref> pod,
    Optional<Ref> node) {

  /** An object of the cluster. */
  record Ref(String name, String uid) {}

  /**
   * Reads the claims; empty if they have another form.
   *
   * @param claims the payload of a token whose signature is verified
   */
  static Optional<BoundToken> parse(byte[] claims) {
    try (JsonParser in = Json.PARSERS.createParser(claims)) {
      in.nextToken();
      var read = new Claims();
      eachField(in, read::claim);
      return in.nextToken() == null ? Optional.of(read.token()) : Optional.empty();
    } catch (IOException | DateTimeException other) {
      return Optional.empty();
    }
  }

  private static final class Claims {
    private @Nullable String issuer;
    private @Nullable List<String> audiences;
    private Instant start = Instant.EPOCH;
    private @Nullable Instant expiry;
    private @Nullable String namespace;
    private @Nullable Ref account;
    private @Nullable Ref pod;
    private @Nullable Ref node;

    void claim(String name, JsonParser in) throws IOException {
      switch (name) {
        case "iss" -> issuer = once(issuer, text(in));
        case "aud" -> audiences = once(audiences, texts(in));
        case "exp" -> expiry = once(expiry, time(in));
        case "nbf", "iat" -> start = later(start, time(in));
        case "kubernetes.io" -> eachField(in, this::binding);
        default -> {
          // kubernetes.io/serviceaccount/...: the form before there were bound tokens.
          if (name.startsWith("kubernetes.io")) {
            throw unknownForm();
          }
        }
      }
    }

    private void binding(String name, JsonParser in) throws IOException {
      switch (name) {
        case "namespace" -> namespace = once(namespace, text(in));
        case "serviceaccount" -> account = once(account, ref(in));
        case "pod" -> pod = once(pod, ref(in));
        case "node" -> node = once(node, ref(in));
        // For statistics of the API server only.
        case "warnafter" -> {}
        default -> throw unknownForm();
      }
    }

    private static Ref ref(JsonParser in) throws IOException {
      var read = new RefFields();
      eachField(in, read::field);
      return new Ref(required(read.name), required(read.uid));
    }

    private static final class RefFields {
      private @Nullable String name;
      private @Nullable String uid;

      void field(String field, JsonParser in) throws IOException {
        switch (field) {
          case "name" -> name = once(name, text(in));
          case "uid" -> uid = once(uid, text(in));
          default -> throw unknownForm();
        }
      }
    }

    private static String text(JsonParser in) throws IOException {
      if (!in.hasToken(JsonToken.VALUE_STRING) || in.getText().isEmpty()) {
        throw unknownForm();
      }
      return in.getText();
    }

    private static List<String> texts(JsonParser in) throws IOException {
      if (!in.hasToken(JsonToken.START_ARRAY)) {
        return List.of(text(in));
      }
      List<String> texts = new ArrayList<>();
      while (in.nextToken() != JsonToken.END_ARRAY) {
        texts.add(text(in));
      }
      return texts;
    }

    private static Instant time(JsonParser in) throws IOException {
      if (!in.hasToken(JsonToken.VALUE_NUMBER_INT)) {
        throw unknownForm();
      }
      return Instant.ofEpochSecond(in.getLongValue());
    }

    private static Instant later(Instant one, Instant other) {
      return one.isAfter(other) ? one : other;
    }

    private static <T> T once(@Nullable T before, T now) throws IOException {
      if (before != null) {
        throw unknownForm();
      }
      return now;
    }

    private static <T> T required(@Nullable T value) throws IOException {
      if (value == null) {
        throw unknownForm();
      }
      return value;
    }

    private static IOException unknownForm() {
      return new IOException("another form of token");
    }

    BoundToken token() throws IOException {
      return new BoundToken(
          required(issuer),
          required(audiences),
          start,
          required(expiry),
          required(namespace),
          required(account),
          Optional.ofNullable(pod),
          Optional.ofNullable(node));
    }
  }
}
