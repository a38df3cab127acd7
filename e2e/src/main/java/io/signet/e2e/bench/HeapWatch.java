package io.signet.e2e.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/** Looks again and again at how much of the heaps of some servers is in use, until closed. */
final class HeapWatch implements AutoCloseable {

  // A look costs a server of thousands of streams some milliseconds.
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final List<SdsServer> servers;
  private final AtomicLongArray most;
  private final Thread thread = Thread.ofPlatform().name("heap-watch").unstarted(this::look);

  private HeapWatch(List<SdsServer> servers) {
    this.servers = servers;
    this.most = new AtomicLongArray(servers.size());
  }

  static HeapWatch start(List<SdsServer> servers) {
    HeapWatch watch = new HeapWatch(servers);
    watch.thread.start();
    return watch;
  }

  private void look() {
    try {
      while (true) {
        for (int i = 0; i < servers.size(); i++) {
          look(i);
        }
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException over) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(int server) throws InterruptedException {
    try {
      long used = servers.get(server).metric("jvm_memory_used_bytes", "area=\"heap\"");
      long _ = most.accumulateAndGet(server, used, Math::max);
    } catch (IOException busy) {
      // There is a next look.
    }
  }

  /** The most that was seen of one of them, in bytes, garbage too. */
  long most(int server) {
    return most.get(server);
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
