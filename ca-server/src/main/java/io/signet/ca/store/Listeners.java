package io.signet.ca.store;

import io.signet.ca.rotation.Changes;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who is to be told of changes in this process, by the thread that announces them. */
final class Listeners implements Changes {

  private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

  private final List<Listening> all = new CopyOnWriteArrayList<>();

  @Override
  public void announce() {
    all.forEach(Listening::tell);
  }

  @Override
  public Changes.Listening listen(Runnable onChange) {
    Listening listening = new Listening(onChange);
    all.add(listening);
    return listening;
  }

  /** By identity: the same may listen twice. */
  private final class Listening implements Changes.Listening {
    private final Runnable onChange;

    Listening(Runnable onChange) {
      this.onChange = onChange;
    }

    // One that fails must not keep the others from hearing.
    void tell() {
      try {
        onChange.run();
      } catch (RuntimeException e) {
        LOG.error("a change was not followed", e);
      }
    }

    @Override
    public void close() {
      all.remove(this);
    }
  }
}
