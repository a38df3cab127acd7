package io.signet.hsm.vault;

import io.github.jopenlibs.vault.EnvironmentLoader;
import io.github.jopenlibs.vault.Vault;
import io.github.jopenlibs.vault.VaultConfig;
import io.github.jopenlibs.vault.VaultException;
import io.github.jopenlibs.vault.api.Logical;
import io.github.jopenlibs.vault.json.Json;
import io.github.jopenlibs.vault.json.JsonArray;
import io.github.jopenlibs.vault.json.JsonObject;
import io.github.jopenlibs.vault.json.JsonValue;
import io.github.jopenlibs.vault.json.ParseException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The only code that knows the driver, and its traps (key-custody, section 7). It sends one request
 * to one server and says what came back; all that is judged, repeated or renewed is so elsewhere.
 */
final class VaultDriver {

  // DRV-1: with version 2 it would put "data" into every path.
  private static final int PATHS_AS_THEY_ARE = 1;

  /** Without this the driver takes what the caller did not set from VAULT_TOKEN and the like. */
  private static final class NoEnvironment extends EnvironmentLoader {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable String loadVariable(String name) {
      return null;
    }
  }

  private VaultDriver() {}

  /**
   * Asks the server.
   *
   * @param http shared by all calls (DRV-3)
   * @param headers besides the token
   * @param token empty for who has none yet
   * @throws IOException when no answer came; a {@link java.net.ConnectException} when the server
   *     was not even asked
   */
  static Answer ask(
      HttpClient http,
      URI address,
      Map<String, String> headers,
      Secret token,
      Call call,
      Deadline deadline)
      throws IOException {
    Exchange exchange = new Exchange(http, headers, deadline);
    try {
      send(logical(exchange, address, token), call);
    } catch (VaultException e) {
      // DRV-2: it throws for some answers and not for others; all are read off the exchange.
      if (exchange.response().isEmpty()) {
        throw ioFailure(e);
      }
    }
    return answer(exchange.response().orElseThrow(() -> new IOException("no answer")));
  }

  private static Logical logical(HttpClient http, URI address, Secret token) {
    try {
      return Vault.create(
              new VaultConfig()
                  .environmentLoader(new NoEnvironment())
                  .engineVersion(PATHS_AS_THEY_ARE)
                  .address(address.toString())
                  .token(token.reveal())
                  .httpClient(http)
                  .build())
          .logical();
    } catch (VaultException e) {
      throw new IllegalStateException("settings are checked before", e);
    }
  }

  private static void send(Logical logical, Call call) throws VaultException {
    Object _ =
        switch (call.verb()) {
          case READ -> logical.read(call.path());
          case LIST -> logical.list(call.path());
          case WRITE -> logical.write(call.path(), body(call.body()));
          case DELETE -> logical.delete(call.path());
        };
  }

  // DRV-4: what the driver does not know it would send as its toString().
  private static Map<String, Object> body(Map<String, Object> fields) {
    Map<String, Object> body = new HashMap<>();
    fields.forEach((name, value) -> body.put(name, json(value)));
    return body;
  }

  private static JsonValue json(Object value) {
    return switch (value) {
      case String text -> Json.value(text);
      case Integer number -> Json.value(number);
      case Boolean flag -> Json.value(flag);
      case List<?> list -> {
        JsonArray array = new JsonArray();
        list.forEach(item -> array.add(json(item)));
        yield array;
      }
      case Map<?, ?> map -> {
        JsonObject object = new JsonObject();
        map.forEach((name, member) -> object.add(String.valueOf(name), json(member)));
        yield object;
      }
      default -> throw new IllegalArgumentException(value.getClass() + " is not sent");
    };
  }

  private static IOException ioFailure(VaultException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        return new IOException("interrupted");
      }
      if (cause instanceof IOException failure) {
        return failure;
      }
    }
    return new IOException(e.getClass().getSimpleName());
  }

  private static Answer answer(HttpResponse<?> response) {
    return new Answer(
        response.statusCode(),
        fields(String.valueOf(response.body())),
        response.headers().firstValue("X-Vault-Index").filter(VaultDriver::isIndex),
        response.headers().firstValue("Location").flatMap(VaultDriver::uri),
        response.headers().firstValue("Retry-After").flatMap(VaultDriver::seconds));
  }

  // Not everything that answers is Vault: a proxy's page is an answer without fields.
  private static Fields fields(String body) {
    try {
      JsonValue json = Json.parse(body);
      return json.isObject() ? new Fields(members(json.asObject())) : Fields.NONE;
    } catch (ParseException | NumberFormatException | StackOverflowError e) {
      return Fields.NONE;
    }
  }

  private static Map<String, Object> members(JsonObject object) {
    Map<String, Object> members = new HashMap<>();
    for (JsonObject.Member member : object) {
      if (!member.getValue().isNull()) {
        members.put(member.getName(), plain(member.getValue()));
      }
    }
    return members;
  }

  private static Object plain(JsonValue value) {
    if (value.isString()) {
      return value.asString();
    }
    if (value.isBoolean()) {
      return value.asBoolean();
    }
    if (value.isObject()) {
      return members(value.asObject());
    }
    if (value.isArray()) {
      List<Object> items = new ArrayList<>();
      value.asArray().forEach(item -> items.add(plain(item)));
      return items;
    }
    return value.isNumber() ? (Object) (long) value.asDouble() : "";
  }

  // It is sent back, to any of the nodes.
  private static boolean isIndex(String text) {
    return text.matches("[\\w+/=-]{1,1000}");
  }

  private static Optional<URI> uri(String text) {
    try {
      return Optional.of(URI.create(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  // RFC 9110, 10.2.3: a date is allowed too; Vault sends seconds.
  private static Optional<Duration> seconds(String text) {
    return text.matches("[0-9]{1,9}")
        ? Optional.of(Duration.ofSeconds(Long.parseLong(text)))
        : Optional.empty();
  }
}
