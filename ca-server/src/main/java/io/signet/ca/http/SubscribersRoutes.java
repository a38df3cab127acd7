package io.signet.ca.http;

import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.HEAD;

import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * {@code /v1/sds/subscribers}: the open streams, by identity, node and stream. With {@code
 * behind=true} only those that lack something; {@code limit} bounds how many are told.
 */
public final class SubscribersRoutes implements Routes {
  private static final int STANDARD_LIMIT = 1000;
  private static final int HIGHEST_LIMIT = 100_000;

  private static final Comparator<SubscriberStatus> ORDER =
      Comparator.comparing(SubscriberStatus::identity)
          .thenComparing(SubscriberStatus::node)
          .thenComparing(SubscriberStatus::listener)
          .thenComparing(SubscriberStatus::stream);

  private final Supplier<Stream<SubscriberStatus>> subscribers;

  /**
   * @param subscribers of this moment, in any order; may block
   */
  public SubscribersRoutes(Supplier<Stream<SubscriberStatus>> subscribers) {
    this.subscribers = subscribers;
  }

  @Override
  public void mount(Router router) {
    router.route("/v1/sds/subscribers").method(GET).method(HEAD).handler(this::subscribers);
  }

  private void subscribers(RoutingContext request) {
    boolean behind;
    int limit;
    try {
      behind = behind(request.queryParam("behind"));
      limit = limit(request.queryParam("limit"));
    } catch (IllegalArgumentException e) {
      Answers.error(request, 400, String.valueOf(e.getMessage()));
      return;
    }
    request
        .vertx()
        .executeBlocking(() -> answer(behind, limit), false)
        .onSuccess(json -> Answers.json(request, json))
        .onFailure(request::fail);
  }

  private Buffer answer(boolean behind, int limit) {
    try (Stream<SubscriberStatus> all = subscribers.get()) {
      return SubscribersJson.of(all.filter(one -> !behind || one.isBehind()).sorted(ORDER), limit);
    }
  }

  private static boolean behind(List<String> values) {
    return switch (only("behind", values, "false")) {
      case "true" -> true;
      case "false" -> false;
      default -> throw refused("behind", values, "true or false");
    };
  }

  private static int limit(List<String> values) {
    String text = only("limit", values, Integer.toString(STANDARD_LIMIT));
    String expected = "1 to " + HIGHEST_LIMIT;
    try {
      int limit = Integer.parseInt(text);
      if (limit >= 1 && limit <= HIGHEST_LIMIT) {
        return limit;
      }
    } catch (NumberFormatException e) {
      throw refused("limit", values, expected);
    }
    throw refused("limit", values, expected);
  }

  private static String only(String name, List<String> values, String standard) {
    if (values.size() > 1) {
      throw refused(name, values, "once");
    }
    return values.isEmpty() ? standard : values.getFirst();
  }

  private static IllegalArgumentException refused(
      String name, List<String> values, String expected) {
    return new IllegalArgumentException(
        "%s: %s (expected: %s)".formatted(name, String.join(", ", values), expected));
  }
}
