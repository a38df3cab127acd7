package io.signet.sds.envoy;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.signet.sds.Catalog;
import io.signet.sds.Naming;
import io.signet.sds.Response;
import io.signet.sds.Secret;
import io.signet.sds.SecretSource;
import io.signet.sds.SecretSource.Feed;
import io.signet.sds.Snapshot;
import io.signet.sds.Timer;
import io.signet.sds.envoy.SecretStream.Listening;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One {@code FetchSecrets} (SDS-22): waits for what is still being made, and answers once. */
final class SecretFetch implements SecretSource.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(SecretFetch.class);

  // Half of what a proxy waits for its first secret (EF-7).
  private static final Duration PATIENCE = Duration.ofSeconds(7);

  private final SdsService shared;
  private final Caller caller;
  private final List<String> names;
  private final Naming naming;
  private final CompletableFuture<DiscoveryResponse> answer = new CompletableFuture<>();
  private volatile Snapshot latest = Snapshot.EMPTY;

  private SecretFetch(SdsService shared, Caller caller, List<String> names, Naming naming) {
    this.shared = shared;
    this.caller = caller;
    this.names = names;
    this.naming = naming;
  }

  static CompletableFuture<DiscoveryResponse> begin(
      SdsService shared, Listening listening, Caller caller, DiscoveryRequest request) {
    if (!SecretStream.isForSecrets(request.getTypeUrl())) {
      return refused(SecretStream.wrongType(request.getTypeUrl()));
    }
    Optional<String> tooMuch = NameLimits.problem(new Dialect.StateOfTheWorld().read(request));
    if (tooMuch.isPresent()) {
      return refused(tooMuch.get());
    }
    Naming naming = NodeForm.of(listening.naming(), request.getNode());
    var fetch = new SecretFetch(shared, caller, request.getResourceNamesList(), naming);
    Feed feed = shared.source().open(caller.holder(), fetch);
    Timer.Scheduled late = shared.timer().after(PATIENCE, fetch::answerNow);
    var _ =
        fetch.answer.whenComplete((_, _) -> {
          late.cancel();
          feed.close();
        });
    return fetch.answer;
  }

  private static CompletableFuture<DiscoveryResponse> refused(String why) {
    return CompletableFuture.failedFuture(
        Status.INVALID_ARGUMENT.withDescription(why).asException());
  }

  @Override
  public void changed(Snapshot snapshot) {
    latest = snapshot;
    if (!catalog().awaitsAny(names)) {
      answerNow();
    }
  }

  @Override
  public void withdrawn() {
    fail(Status.PERMISSION_DENIED.withDescription("the caller has lost its identity"));
  }

  private void answerNow() {
    Catalog catalog = catalog();
    SequencedMap<String, Secret> found = catalog.select(names);
    Map<String, Any> encoded = encode(found);
    found.keySet().retainAll(encoded.keySet());
    if (!found.isEmpty()) {
      boolean isFirst =
          answer.complete(
              new Dialect.StateOfTheWorld().write(new Response("", found, Set.of()), encoded));
      if (isFirst) {
        shared.ledger().fetched(caller.holder(), catalog.wants(found.keySet()));
      }
    } else if (catalog.awaitsAny(names)) {
      fail(Status.UNAVAILABLE.withDescription("the secret is still being made"));
    } else {
      fail(Status.NOT_FOUND.withDescription("no secret of these names"));
    }
  }

  // SDS-5: what is unfit is not sent.
  private Map<String, Any> encode(Map<String, Secret> secrets) {
    var encoded = new LinkedHashMap<String, Any>();
    secrets.forEach((name, secret) -> {
      try {
        encoded.put(name, shared.encoder().encode(name, secret));
      } catch (RuntimeException unfit) {
        LOG.error("a fetch does not get its {}, which is unfit to be sent", name, unfit);
      }
    });
    return encoded;
  }

  private Catalog catalog() {
    return new Catalog(latest, naming);
  }

  private void fail(Status status) {
    answer.completeExceptionally(status.asException());
  }
}
