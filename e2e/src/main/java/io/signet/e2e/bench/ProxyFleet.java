package io.signet.e2e.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Proxies, each with a connection of its own, that ask for their SVID and the bundle and stay. One
 * that comes to nothing tries again as Envoy does. All run on one thread.
 */
final class ProxyFleet implements AutoCloseable {

  // Envoy's own: fully jittered, doubled each time.
  private static final long FIRST_BACKOFF_MILLIS = 500;
  private static final long LONGEST_BACKOFF_MILLIS = 30_000;
  private static final int LONGEST_DOUBLING = 6;

  /**
   * How proxies come.
   *
   * @param inFlight how many may be on their way at once
   * @param rate at most; empty: as soon as one may
   */
  record Pace(int inFlight, Optional<Rate> rate) {}

  /** What a proxy is to say, and which one it is. */
  record Script(int number, byte[] opening) {}

  private final ProxyDoor door;
  private final ProxyWire wire;
  private final FleetTally tally;
  private final boolean staying;
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final List<Member> members = new ArrayList<>();
  private volatile boolean closed;

  /**
   * @param staying whether they stay once they have what they asked for
   */
  ProxyFleet(ProxyDoor door, ProxyWire wire, FleetTally tally, boolean staying) {
    this.door = door;
    this.wire = wire;
    this.tally = tally;
    this.staying = staying;
  }

  /** Has them all connect; returns when the last one has begun to. */
  void come(List<Script> scripts, Pace pace) throws InterruptedException {
    Semaphore free = new Semaphore(pace.inFlight());
    long start = System.nanoTime();
    for (int i = 0; i < scripts.size(); i++) {
      if (pace.rate().isPresent()) {
        awaitDue(start + pace.rate().get().dueNanos(i));
      }
      free.acquire();
      Member member = new Member(scripts.get(i), free::release);
      members.add(member);
      member.connect();
    }
  }

  private static void awaitDue(long due) throws InterruptedException {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  /** One proxy, over all its attempts. Confined to the thread of the fleet but for its start. */
  private final class Member implements Proxy.Watcher {
    private final Script script;
    private final Runnable settled;
    private final Map<ProxyStream, String> versions = new EnumMap<>(ProxyStream.class);
    private final long startNanos = System.nanoTime();
    private int attempts;
    private boolean ready;
    private boolean isSettled;
    private Proxy proxy;

    Member(Script script, Runnable settled) {
      this.script = script;
      this.settled = settled;
      this.proxy = new Proxy(script.opening(), wire, this);
    }

    void connect() {
      attempts++;
      door.connect(loops, proxy);
    }

    private void connectAgain() {
      if (!closed) {
        proxy = new Proxy(script.opening(), wire, this);
        connect();
      }
    }

    @Override
    public void pushed(ProxyStream stream, SdsPush push, ByteBuf message, long nanos) {
      String before = versions.put(stream, push.version());
      tally.pushes().pushed(stream, !push.version().equals(before), nanos);
      if (push.resources() != 1) {
        tally.failed("%s stream: a push of %d secrets".formatted(stream, push.resources()));
      }
      if (stream == ProxyStream.SVID) {
        gotSvid(push, message, nanos, before == null);
      }
      if (!ready && versions.size() == ProxyStream.values().length) {
        ready = true;
        tally.ready(nanos);
        settle();
      }
    }

    private void gotSvid(SdsPush push, ByteBuf message, long nanos, boolean first) {
      if (first) {
        tally.gotSvid(push.version(), nanos - startNanos, message.readableBytes());
      }
      if (FleetTally.isSampled(script.number())) {
        tally.sampled(new FleetTally.Sample(script.number(), ByteBufUtil.getBytes(message)));
      }
    }

    @Override
    public void acknowledged(int pushes, long nanos) {
      tally.pushes().acknowledged(pushes, nanos);
      if (ready && !staying) {
        proxy.leave();
      }
    }

    @Override
    public void ended(String why) {
      settle();
      if (closed) {
        return;
      }
      tally.failed(ready ? "lost later: " + why : why);
      if (!ready) {
        versions.clear();
        var _ = loops.schedule(this::connectAgain, backoffMillis(), TimeUnit.MILLISECONDS);
      }
    }

    private long backoffMillis() {
      long most = FIRST_BACKOFF_MILLIS << Math.min(attempts - 1, LONGEST_DOUBLING);
      return ThreadLocalRandom.current().nextLong(Math.min(most, LONGEST_BACKOFF_MILLIS)) + 1;
    }

    private void settle() {
      if (!isSettled) {
        isSettled = true;
        settled.run();
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    members.forEach(member -> member.proxy.leave());
    var _ = loops.shutdownGracefully(0, 10, TimeUnit.SECONDS);
  }
}
