package io.signet.sds.envoy;

import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.Any;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.signet.sds.AckLedger;
import io.signet.sds.Answer;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Request;
import io.signet.sds.Response;
import io.signet.sds.SecretSource;
import io.signet.sds.SecretSource.Feed;
import io.signet.sds.Snapshot;
import io.signet.sds.Subscriber;
import io.signet.sds.SubscriptionState;
import io.signet.sds.SubscriptionState.Step;
import io.signet.sds.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open {@code StreamSecrets} call. All state is confined to one serial executor; of other
 * threads, only the source's writes the newest snapshot directly.
 *
 * <p>Memory is bounded for a peer that does not read: a push waits until the transport is ready and
 * then takes the newest snapshot, and a request is read only when the answer to the one before it
 * has left.
 */
final class SecretStream implements StreamObserver<DiscoveryRequest> {

  /** What all streams of an endpoint share. */
  record Shared(
      SecretSource source,
      AckLedger ledger,
      Clock clock,
      Timer timer,
      Executor executor,
      SdsListener listener,
      SecretEncoder encoder) {}

  /** What begins with the first message. */
  private record Conversation(Subscriber who, Feed feed) {}

  private static final Logger LOG = LoggerFactory.getLogger(SecretStream.class);
  private static final Duration LONGEST_JITTER = Duration.ofSeconds(30);
  private static final int JITTER_SHARE = 20;
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
  private static final int LONGEST_TYPE_URL = 256;

  // They are kept as long as the stream is open. A proxy has one for each identity and bundle.
  private static final int MOST_NAMES = 1_000;

  private final Shared shared;
  private final Caller caller;
  private final String name;
  private final ServerCallStreamObserver<DiscoveryResponse> out;
  private final Executor serial;

  private final AtomicReference<Snapshot> latest = new AtomicReference<>(Snapshot.EMPTY);
  private final AtomicBoolean pushDue = new AtomicBoolean();

  private SubscriptionState state;
  private Set<String> subscribed = Set.of();
  private final Set<String> toldMissing = new HashSet<>();
  private @Nullable Conversation conversation;
  private Timer.@Nullable Scheduled expiry;
  private boolean readDue;
  private boolean ended;

  /**
   * @param name unique within this process
   */
  SecretStream(
      Shared shared, Caller caller, String name, ServerCallStreamObserver<DiscoveryResponse> out) {
    this.shared = shared;
    this.caller = caller;
    this.name = name;
    this.out = out;
    this.serial = MoreExecutors.newSequentialExecutor(shared.executor());
    this.state = SubscriptionState.initial(name);
  }

  /** Begins to read; to be called before the service method returns. */
  void start() {
    out.disableAutoRequest();
    out.setOnReadyHandler(() -> enqueue(this::ready));
    out.setOnCancelHandler(() -> enqueue(this::cancelled));
    // For a stream that is not ended by us: when the server stops.
    out.setOnCloseHandler(() -> enqueue(this::cancelled));
    caller.until().ifPresent(until -> enqueue(() -> expireAt(jittered(until))));
    out.request(1);
  }

  @Override
  public void onNext(DiscoveryRequest request) {
    enqueue(() -> received(request));
  }

  @Override
  public void onError(Throwable cancelled) {
    enqueue(this::cancelled);
  }

  @Override
  public void onCompleted() {
    enqueue(() -> end(Status.OK, out::onCompleted));
  }

  // A bug of ours ends this stream and no other.
  private void enqueue(Runnable event) {
    serial.execute(() -> {
      if (ended) {
        return;
      }
      try {
        event.run();
      } catch (RuntimeException bug) {
        LOG.error("SDS stream {} of {} fails", name, caller.holder(), bug);
        refuse(Status.INTERNAL.withDescription("internal error"));
      }
    });
  }

  // Earlier, never later: streams that were opened together do not come back together.
  private Instant jittered(Instant until) {
    long left = Duration.between(shared.clock().instant(), until).toMillis();
    long jitter = Math.min(left / JITTER_SHARE, LONGEST_JITTER.toMillis());
    return jitter <= 0
        ? until
        : until.minusMillis(ThreadLocalRandom.current().nextLong(jitter + 1));
  }

  // Looks at the clock now and then: a timer stands still while the machine is suspended.
  private void expireAt(Instant until) {
    Duration left = Duration.between(shared.clock().instant(), until);
    if (left.isPositive()) {
      Duration wait = left.compareTo(LONGEST_WAIT) < 0 ? left : LONGEST_WAIT;
      expiry = shared.timer().after(wait, () -> enqueue(() -> expireAt(until)));
    } else {
      expire();
    }
  }

  private void expire() {
    refuse(Status.UNAUTHENTICATED.withDescription("credential expires: open a new stream"));
  }

  private void received(DiscoveryRequest request) {
    if (!isForSecrets(request.getTypeUrl())) {
      refuse(Status.INVALID_ARGUMENT.withDescription(wrongType(request.getTypeUrl())));
      return;
    }
    if (request.getResourceNamesCount() > MOST_NAMES) {
      refuse(Status.INVALID_ARGUMENT.withDescription(tooMany(request.getResourceNamesCount())));
      return;
    }
    if (conversation == null) {
      conversation = begin(request.getNode().getId());
    }
    Snapshot snapshot = latest.get();
    apply(conversation.who(), state.requested(read(request), snapshot), snapshot);
    readDue = true;
    readNext();
  }

  // Envoy's own default: the method says it all.
  private static boolean isForSecrets(String typeUrl) {
    return typeUrl.isEmpty() || typeUrl.equals(SecretEncoder.TYPE_URL);
  }

  private static String wrongType(String typeUrl) {
    String shown = typeUrl.substring(0, Math.min(typeUrl.length(), LONGEST_TYPE_URL));
    return "type_url %s (expected: %s)".formatted(shown, SecretEncoder.TYPE_URL);
  }

  private static String tooMany(int names) {
    return "resource_names: %d (expected: at most %d)".formatted(names, MOST_NAMES);
  }

  // Not earlier: nothing is signed for a peer that asks for nothing.
  private Conversation begin(String node) {
    var who = new Subscriber(name, node, caller.holder());
    Feed feed = shared.source().open(caller.holder(), this::offer);
    shared.ledger().opened(who);
    tell(listener -> listener.opened(who));
    return new Conversation(who, feed);
  }

  private static Request read(DiscoveryRequest request) {
    return new Request(
        request.getResourceNamesList(),
        request.getResponseNonce(),
        request.hasErrorDetail()
            ? Optional.of(request.getErrorDetail().getMessage())
            : Optional.empty());
  }

  private void offer(Snapshot snapshot) {
    latest.set(snapshot);
    if (pushDue.compareAndSet(false, true)) {
      enqueue(this::push);
    }
  }

  private void ready() {
    push();
    readNext();
  }

  private void push() {
    if (conversation == null || !out.isReady() || !pushDue.getAndSet(false)) {
      return;
    }
    Snapshot snapshot = latest.get();
    apply(conversation.who(), state.changed(snapshot), snapshot);
  }

  private void readNext() {
    if (readDue && out.isReady()) {
      readDue = false;
      out.request(1);
    }
  }

  // The state first: the answer may come in before we return from sending.
  private void apply(Subscriber who, Step step, Snapshot snapshot) {
    state = step.next();
    step.answer().ifPresent(answer -> note(who, answer));
    noteNames(who, snapshot);
    step.response().ifPresent(response -> send(who, response));
  }

  private void note(Subscriber who, Answer answer) {
    shared.ledger().answered(who, answer);
    switch (answer) {
      case Ack ack -> tell(listener -> listener.acked(who, ack));
      case Nack nack -> tell(listener -> listener.nacked(who, nack));
    }
  }

  private void noteNames(Subscriber who, Snapshot snapshot) {
    Set<String> names = state.names(snapshot);
    if (!names.equals(subscribed)) {
      subscribed = names;
      shared.ledger().subscribed(who, names);
    }
    if (!snapshot.equals(Snapshot.EMPTY)) {
      noteMissing(who, snapshot);
    }
  }

  private void noteMissing(Subscriber who, Snapshot snapshot) {
    var unreported = new LinkedHashSet<>(subscribed);
    unreported.removeIf(wanted -> snapshot.secret(wanted).isPresent());
    unreported.removeAll(toldMissing);
    if (!unreported.isEmpty() && toldMissing.size() < MOST_NAMES) {
      toldMissing.addAll(unreported);
      tell(listener -> listener.missing(who, unreported));
    }
  }

  private void send(Subscriber who, Response response) {
    Map<String, Any> encoded = encode(who, response);
    response.of(encoded.keySet()).ifPresent(fit -> send(who, fit, encoded.values()));
  }

  private void send(Subscriber who, Response response, Collection<Any> encoded) {
    Map<String, String> versions = response.versions();
    shared.ledger().sent(who, versions);
    out.onNext(
        DiscoveryResponse.newBuilder()
            .setTypeUrl(SecretEncoder.TYPE_URL)
            .setVersionInfo(response.version())
            .setNonce(response.nonce())
            .addAllResources(encoded)
            .build());
    tell(listener -> listener.sent(who, versions));
  }

  private Map<String, Any> encode(Subscriber who, Response response) {
    var encoded = new LinkedHashMap<String, Any>();
    response
        .secrets()
        .forEach((wanted, secret) -> {
          try {
            encoded.put(wanted, shared.encoder().encode(wanted, secret));
          } catch (RuntimeException unfit) {
            state = state.withheld(Set.of(wanted));
            tell(listener -> listener.withheld(who, wanted, unfit));
          }
        });
    return encoded;
  }

  private void cancelled() {
    end(Status.CANCELLED, () -> {});
  }

  private void refuse(Status status) {
    end(status, () -> out.onError(status.asRuntimeException()));
  }

  private void end(Status status, Runnable farewell) {
    ended = true;
    if (expiry != null) {
      expiry.cancel();
    }
    if (conversation != null) {
      leave(conversation, status);
    }
    farewell.run();
  }

  private void leave(Conversation left, Status status) {
    conversation = null;
    shared.ledger().closed(left.who());
    tell(listener -> listener.closed(left.who(), status));
    try {
      left.feed().close();
    } catch (RuntimeException stuck) {
      LOG.error("SDS stream {}: its feed does not close", name, stuck);
    }
  }

  private void tell(Consumer<SdsListener> event) {
    try {
      event.accept(shared.listener());
    } catch (RuntimeException deaf) {
      LOG.error("SDS listener fails on stream {}", name, deaf);
    }
  }
}
