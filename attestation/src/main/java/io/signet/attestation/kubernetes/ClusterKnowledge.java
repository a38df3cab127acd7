package io.signet.attestation.kubernetes;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * What we know of a cluster without asking: its keys, service accounts, pods and nodes. It comes
 * and is kept current in the background; nobody waits for it. Safe for use by many threads.
 */
final class ClusterKnowledge implements AutoCloseable {

  private final IssuerKeys keys;
  private final ObjectWatch accounts;
  private final ObjectWatch pods;
  private final ObjectWatch nodes;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** How often it is asked, and how long an answer counts. */
  record Pace(IssuerKeys.Pace keys, ObjectWatch.Pace objects) {
    static final Pace STANDARD = new Pace(IssuerKeys.Pace.STANDARD, ObjectWatch.Pace.STANDARD);
  }

  private ClusterKnowledge(ApiClient client, Pace pace, LongSupplier nanoTime) {
    this.keys = new IssuerKeys(client, pace.keys(), nanoTime);
    this.accounts =
        new ObjectWatch(client, ObjectWatch.Kind.SERVICE_ACCOUNTS, pace.objects(), nanoTime);
    this.pods = new ObjectWatch(client, ObjectWatch.Kind.PODS, pace.objects(), nanoTime);
    this.nodes = new ObjectWatch(client, ObjectWatch.Kind.NODES, pace.objects(), nanoTime);
  }

  /** Begins to ask. */
  static ClusterKnowledge gather(ApiClient client, Pace pace, LongSupplier nanoTime) {
    var knowledge = new ClusterKnowledge(client, pace, nanoTime);
    Stream.<Runnable>of(knowledge.keys, knowledge.accounts, knowledge.pods, knowledge.nodes)
        .forEach(knowledge.threads::execute);
    return knowledge;
  }

  /**
   * The issuer whose key has signed the token; empty if we cannot tell.
   *
   * @param token three base64url parts
   */
  Optional<String> issuerOf(String token) {
    return keys.issuerOf(token);
  }

  KnownObjects accounts() {
    return accounts;
  }

  KnownObjects pods() {
    return pods;
  }

  KnownObjects nodes() {
    return nodes;
  }

  /** What is not known now, and why. */
  List<String> gaps() {
    return Stream.of(keys.problem(), accounts.problem(), pods.problem(), nodes.problem())
        .flatMap(Optional::stream)
        .toList();
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
