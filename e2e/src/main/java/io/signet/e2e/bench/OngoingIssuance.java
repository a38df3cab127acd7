package io.signet.e2e.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks several servers in turn for certificates, at one rate whatever the answers, until closed. A
 * call counts where it was begun.
 */
final class OngoingIssuance implements AutoCloseable {

  private static final int CONNECTIONS = 2;

  private final List<CertificateClient> clients;
  private final Thread thread;
  private volatile Tally tally = new Tally(System.nanoTime());
  private volatile boolean over;

  private OngoingIssuance(List<CertificateClient> clients, Rate rate) {
    this.clients = clients;
    this.thread =
        Thread.ofPlatform()
            .name("ongoing-issuance")
            .unstarted(() -> {
              Tally _ = LoadGenerator.runUntil(() -> over, rate, new Call());
            });
  }

  static OngoingIssuance start(List<Target> targets, CsrPool csrs, Rate rate) throws IOException {
    List<CertificateClient> clients = new ArrayList<>();
    for (Target target : targets) {
      clients.add(CertificateClient.connect(target, csrs, CONNECTIONS));
    }
    OngoingIssuance issuance = new OngoingIssuance(clients, rate);
    issuance.thread.start();
    return issuance;
  }

  private final class Call implements LoadGenerator.Call {

    @Override
    public void make(long number, long startNanos, Tally whole) {
      client(number).make(number / clients.size(), startNanos, tally);
    }

    @Override
    public void begin(long number, long startNanos, Tally whole, Runnable ended) {
      client(number).begin(number / clients.size(), startNanos, tally, ended);
    }

    private CertificateClient client(long number) {
      return clients.get((int) (number % clients.size()));
    }
  }

  /**
   * Counts anew from now on; returns what was counted before, to which what is open still comes.
   */
  Tally countAnew() {
    Tally before = tally;
    tally = new Tally(System.nanoTime());
    return before;
  }

  /** Returns when the last call has ended. */
  void stop() throws InterruptedException {
    over = true;
    thread.join();
  }

  /**
   * Looks at one answer in a hundred; after {@link #stop}.
   *
   * @return how many
   */
  int verify(ProxyIdentities.Someone caller, Path caFile) throws BenchException, IOException {
    ChainVerifier verifier = ChainVerifier.of(caFile, caller.id());
    int verified = 0;
    for (CertificateClient client : clients) {
      for (CertificateClient.Sample sample : client.samples()) {
        verifier.verify(sample);
        verified++;
      }
    }
    return verified;
  }

  @Override
  public void close() {
    over = true;
    clients.forEach(CertificateClient::close);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
