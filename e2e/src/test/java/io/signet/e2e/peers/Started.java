package io.signet.e2e.peers;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** What was started so far: ended in reverse order, unless all of it came up and is kept. */
public final class Started implements AutoCloseable {

  /** Ends what was started. */
  @FunctionalInterface
  public interface End {
    void end() throws IOException;
  }

  private final Deque<End> ends = new ArrayDeque<>();

  /** Notes that this is to be ended too. */
  public void add(End end) {
    ends.push(end);
  }

  /** From now on others end all of it. */
  public void keep() {
    ends.clear();
  }

  /** Ends all, also when some cannot be ended. */
  @Override
  public void close() throws IOException {
    if (ends.isEmpty()) return;
    try {
      ends.pop().end();
    } finally {
      close();
    }
  }
}
