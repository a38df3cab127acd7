package io.signet.sds;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A source whose snapshots the test decides; it feeds them on the thread of the test, one at a
 * time.
 */
public final class FakeSecretSource implements SecretSource {
  private final Map<Holder, Snapshot> current = new ConcurrentHashMap<>();
  private final List<Listening> feeds = new CopyOnWriteArrayList<>();
  private boolean failing;

  private record Listening(Holder caller, Listener listener) {}

  @Override
  public synchronized Feed open(Holder caller, Listener listener) {
    if (failing) {
      throw new IllegalStateException("source fails");
    }
    var feed = new Listening(caller, listener);
    feeds.add(feed);
    Snapshot first = current.get(caller);
    if (first != null) {
      listener.changed(first);
    }
    return () -> feeds.remove(feed);
  }

  /** From now on the caller may have this. */
  public synchronized void set(Holder caller, Snapshot snapshot) {
    current.put(caller, snapshot);
    feeds.stream()
        .filter(feed -> feed.caller().equals(caller))
        .forEach(feed -> feed.listener().changed(snapshot));
  }

  /** The caller loses what it had. */
  public synchronized void withdraw(Holder caller) {
    current.remove(caller);
    feeds.stream()
        .filter(feed -> feed.caller().equals(caller))
        .forEach(feed -> feed.listener().withdrawn());
  }

  /** From now on no feed opens. */
  public synchronized void fail() {
    failing = true;
  }

  public int openFeeds() {
    return feeds.size();
  }
}
