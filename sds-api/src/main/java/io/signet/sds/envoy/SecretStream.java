package io.signet.sds.envoy;

import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.signet.sds.Answer;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Catalog;
import io.signet.sds.Naming;
import io.signet.sds.Request;
import io.signet.sds.Response;
import io.signet.sds.SecretSource;
import io.signet.sds.SecretSource.Feed;
import io.signet.sds.Snapshot;
import io.signet.sds.Subscriber;
import io.signet.sds.SubscriptionState;
import io.signet.sds.SubscriptionState.Step;
import io.signet.sds.Wants;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open stream. All state is confined to one serial executor; of other threads, only the
 * source's writes the newest snapshot directly.
 *
 * <p>Memory is bounded for a peer that does not read: a push waits until the transport is ready and
 * then takes the newest snapshot, and a request is read only when the answer to the one before it
 * has left.
 *
 * @param <Q> requests
 * @param <R> responses
 */
final class SecretStream<Q, R> implements StreamObserver<Q> {

  /** What begins with the first message. */
  private record Conversation(Subscriber who, Naming naming, Feed feed) {
    Catalog catalog(Snapshot snapshot) {
      return new Catalog(snapshot, naming);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(SecretStream.class);
  private static final int LONGEST_TYPE_URL = 256;

  private final SdsService shared;
  private final Listening listening;
  private final Dialect<Q, R> dialect;
  private final Caller caller;
  private final String name;
  private final ServerCallStreamObserver<R> out;
  private final Executor serial;
  private final ProofWatch proof;

  private final AtomicReference<Snapshot> latest = new AtomicReference<>(Snapshot.EMPTY);
  private final AtomicBoolean pushDue = new AtomicBoolean();

  private SubscriptionState state;
  private Wants wants = Wants.NOTHING;
  private final Set<String> toldMissing = new HashSet<>();
  private @Nullable Conversation conversation;
  private boolean pushWaits;
  private boolean readDue;
  private boolean ended;

  /**
   * What is the same for all streams of one listener.
   *
   * @param name of the listener, for people
   * @param naming by which it is asked
   */
  record Listening(String name, Naming naming) {}

  SecretStream(
      SdsService shared,
      Listening listening,
      Dialect<Q, R> dialect,
      Caller caller,
      ServerCallStreamObserver<R> out) {
    this.shared = shared;
    this.listening = listening;
    this.dialect = dialect;
    this.caller = caller;
    this.name = shared.nextStream();
    this.out = out;
    this.serial = MoreExecutors.newSequentialExecutor(shared.executor());
    this.proof = new ProofWatch(caller, shared, status -> enqueue(() -> refuse(status)));
    this.state = dialect.initial(name);
  }

  /** Begins to read; to be called before the service method returns. */
  void start() {
    out.disableAutoRequest();
    out.setOnReadyHandler(() -> enqueue(this::ready));
    out.setOnCancelHandler(() -> enqueue(this::cancelled));
    // For a stream that is not ended by us: when the server stops.
    out.setOnCloseHandler(() -> enqueue(this::cancelled));
    proof.start();
    out.request(1);
  }

  @Override
  public void onNext(Q request) {
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

  private void received(Q request) {
    if (!isForSecrets(dialect.typeUrl(request))) {
      refuse(Status.INVALID_ARGUMENT.withDescription(wrongType(dialect.typeUrl(request))));
      return;
    }
    Request read = dialect.read(request);
    Optional<String> tooMuch = NameLimits.problem(read);
    if (tooMuch.isPresent()) {
      refuse(Status.INVALID_ARGUMENT.withDescription(tooMuch.get()));
      return;
    }
    Conversation open = conversation == null ? begin(dialect.node(request)) : conversation;
    Catalog catalog = open.catalog(latest.get());
    Step step = state.requested(read, catalog);
    if (step.next().size() > NameLimits.MOST) {
      refuse(Status.INVALID_ARGUMENT.withDescription(NameLimits.tooMany(step.next().size())));
      return;
    }
    apply(open.who(), step, catalog);
    readDue = true;
    readNext();
  }

  // Envoy's own default: the method says it all.
  static boolean isForSecrets(String typeUrl) {
    return typeUrl.isEmpty() || typeUrl.equals(SecretEncoder.TYPE_URL);
  }

  static String wrongType(String typeUrl) {
    String shown = typeUrl.substring(0, Math.min(typeUrl.length(), LONGEST_TYPE_URL));
    return "type_url %s (expected: %s)".formatted(shown, SecretEncoder.TYPE_URL);
  }

  // Not earlier: nothing is signed for a peer that asks for nothing. The node of the first message
  // counts to the end (SDS-3).
  private Conversation begin(Node node) {
    var who = new Subscriber(name, node.getId(), caller.holder(), listening.name());
    Feed feed = shared.source().open(caller.holder(), new Fed());
    var begun = new Conversation(who, NodeForm.of(listening.naming(), node), feed);
    conversation = begun;
    shared.ledger().opened(who);
    tell(listener -> listener.opened(who));
    return begun;
  }

  private final class Fed implements SecretSource.Listener {
    @Override
    public void changed(Snapshot snapshot) {
      latest.set(snapshot);
      if (pushDue.compareAndSet(false, true)) {
        enqueue(SecretStream.this::push);
      }
    }

    @Override
    public void withdrawn() {
      enqueue(() ->
          refuse(Status.PERMISSION_DENIED.withDescription("the caller has lost its identity")));
    }
  }

  private void ready() {
    if (pushWaits) {
      push();
    }
    readNext();
  }

  private void push() {
    pushDue.set(false);
    if (conversation == null) {
      return;
    }
    Catalog catalog = conversation.catalog(latest.get());
    pushWaits = !out.isReady();
    if (pushWaits) {
      noteWants(conversation.who(), state.wants(catalog));
    } else {
      apply(conversation.who(), state.changed(catalog), catalog);
    }
  }

  private void readNext() {
    if (readDue && out.isReady()) {
      readDue = false;
      out.request(1);
    }
  }

  // The state first: the answer may come in before we return from sending.
  private void apply(Subscriber who, Step step, Catalog catalog) {
    state = step.next();
    step.answer().ifPresent(answer -> note(who, answer));
    noteWants(who, state.wants(catalog));
    noteKnown(who, step.known());
    noteMissing(who, catalog);
    step.response().ifPresent(response -> send(who, response));
  }

  private void note(Subscriber who, Answer answer) {
    shared.ledger().answered(who, answer);
    switch (answer) {
      case Ack ack -> tell(listener -> listener.acked(who, ack));
      case Nack nack -> tell(listener -> listener.nacked(who, nack));
    }
  }

  // Also when nothing but the sequence of the bundle has changed: it has that one then.
  private void noteWants(Subscriber who, Wants newest) {
    if (!newest.equals(wants)) {
      wants = newest;
      shared.ledger().wants(who, newest);
    }
  }

  private void noteKnown(Subscriber who, Map<String, String> versions) {
    if (!versions.isEmpty()) {
      shared.ledger().knows(who, versions);
    }
  }

  private void noteMissing(Subscriber who, Catalog catalog) {
    var unreported = new LinkedHashSet<String>();
    wants
        .names()
        .forEach((wish, newest) -> {
          if (newest.isEmpty() && !toldMissing.contains(wish) && !catalog.isAwaited(wish)) {
            unreported.add(wish);
          }
        });
    if (!unreported.isEmpty() && toldMissing.size() < NameLimits.MOST) {
      toldMissing.addAll(unreported);
      tell(listener -> listener.missing(who, unreported));
    }
  }

  private void send(Subscriber who, Response response) {
    Map<String, Any> encoded = encode(who, response);
    response.of(encoded.keySet()).ifPresent(fit -> send(who, fit, encoded));
  }

  private void send(Subscriber who, Response response, Map<String, Any> encoded) {
    Map<String, String> versions = response.versions();
    shared.ledger().sent(who, versions);
    out.onNext(dialect.write(response, encoded));
    tell(listener -> listener.sent(who, versions));
  }

  private Map<String, Any> encode(Subscriber who, Response response) {
    var encoded = new LinkedHashMap<String, Any>();
    response
        .secrets()
        .forEach((wish, secret) -> {
          try {
            encoded.put(wish, shared.encoder().encode(wish, secret));
          } catch (RuntimeException unfit) {
            state = state.withheld(Set.of(wish));
            tell(listener -> listener.withheld(who, wish, unfit));
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
    proof.close();
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
