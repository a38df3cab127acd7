package io.signet.hsm.vault;

import io.signet.hsm.CustodianEvent.Waited;
import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodianStatus.Load;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Signatures that wait for one of a few requests. While all of these are under way the others
 * gather, and those of one key then travel together (VAULT-4): the more wait, the less each costs.
 *
 * <p>A caller leaves at its deadline, whatever became of its request (KC-3); beyond a bounded
 * number that wait, it is turned away at once (KC-4).
 */
final class SigningQueue {

  private static final int QUEUE_PER_PERMIT = 64;
  private static final int LARGEST_BATCH = 64;

  /** Signs as {@link Transit#sign}. */
  @FunctionalInterface
  interface Signer {
    List<Transit.Signed> sign(TransitKey key, List<byte[]> digests, Deadline deadline)
        throws CustodyException;
  }

  /** One signature and who waits for it, since when by {@link System#nanoTime}. */
  private record Waiting(
      TransitKey key,
      byte[] digest,
      long since,
      Deadline deadline,
      CompletableFuture<Transit.Signed> answer) {}

  private final String where;
  private final int permits;
  private final Duration time;
  private final Signer signer;
  private final CustodianListener listener;
  private final Deque<Waiting> queue = new ArrayDeque<>();
  private int underWay;
  private boolean closed;

  /**
   * @param where for messages
   * @param permits how many requests are under way at once
   * @param time what a caller has for its signature
   * @param listener is told how long each has waited
   */
  SigningQueue(
      String where, int permits, Duration time, Signer signer, CustodianListener listener) {
    this.where = where;
    this.permits = permits;
    this.time = time;
    this.signer = signer;
    this.listener = listener;
  }

  /**
   * Signs in turn.
   *
   * @throws CustodyException {@link Fault#BUSY} when the queue is full or the turn does not come,
   *     {@link Fault#LOST} when no answer comes in time or the queue is closed, and what the signer
   *     says
   */
  byte[] sign(TransitKey key, byte[] digest) throws CustodyException {
    key.requireDigest(digest);
    Waiting mine =
        new Waiting(key, digest, System.nanoTime(), Deadline.in(time), new CompletableFuture<>());
    enter(mine);
    return switch (await(mine)) {
      case Transit.Signed.Signature(byte[] signature) -> signature;
      case Transit.Signed.Failed(CustodyException why) ->
          // Thrown anew: one failure may be that of many callers.
          throw new CustodyException(why.fault(), String.valueOf(why.getMessage()), why);
    };
  }

  private synchronized void enter(Waiting mine) throws CustodyException {
    if (closed) {
      throw closed();
    }
    if (queue.size() >= permits * QUEUE_PER_PERMIT) {
      throw failure(Fault.BUSY, "%d requests are under way and too many wait".formatted(permits));
    }
    queue.addLast(mine);
    if (underWay < permits) {
      underWay++;
      Thread _ = Thread.ofVirtual().name("vault-sign").start(this::work);
    }
  }

  private Transit.Signed await(Waiting mine) throws CustodyException {
    try {
      return mine.answer().get(mine.deadline().left(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw leave(mine)
          ? failure(Fault.BUSY, "no turn within " + time)
          : failure(Fault.LOST, "no answer within " + time);
    } catch (InterruptedException e) {
      boolean _ = leave(mine);
      Thread.currentThread().interrupt();
      throw failure(Fault.BUSY, "the wait for a signature was interrupted");
    } catch (ExecutionException e) {
      throw new IllegalStateException("answers come as values", e);
    }
  }

  /** Whether it was still in the queue. */
  private synchronized boolean leave(Waiting mine) {
    return queue.remove(mine);
  }

  private void work() {
    for (List<Waiting> batch = next(); !batch.isEmpty(); batch = next()) {
      sign(batch);
    }
  }

  /** Those of the key whose turn it is; when there are none, one request fewer is under way. */
  private synchronized List<Waiting> next() {
    List<Waiting> batch = new ArrayList<>();
    Iterator<Waiting> all = queue.iterator();
    while (all.hasNext() && batch.size() < LARGEST_BATCH) {
      Waiting waiting = all.next();
      if (batch.isEmpty() || waiting.key().equals(batch.getFirst().key())) {
        batch.add(waiting);
        all.remove();
      }
    }
    if (batch.isEmpty()) {
      underWay--;
    }
    return batch;
  }

  private void sign(List<Waiting> batch) {
    long now = System.nanoTime();
    batch.forEach(each -> listener.happened(new Waited(Duration.ofNanos(now - each.since()))));
    TransitKey key = batch.getFirst().key();
    List<byte[]> digests = batch.stream().map(Waiting::digest).toList();
    Deadline last = batch.stream().map(Waiting::deadline).reduce(Deadline::orLater).orElseThrow();
    try {
      List<Transit.Signed> signed = signer.sign(key, digests, last);
      for (int i = 0; i < batch.size(); i++) {
        boolean _ = batch.get(i).answer().complete(signed.get(i));
      }
    } catch (CustodyException e) {
      answer(batch, e);
    } catch (RuntimeException | Error e) { // ours, but callers and queue must not be left behind
      answer(batch, new CustodyException(Fault.FATAL, where + ": cannot sign: " + e, e));
    }
  }

  /** Those that have no answer yet. */
  private static void answer(List<Waiting> batch, CustodyException why) {
    batch.forEach(waiting -> {
      boolean _ = waiting.answer().complete(new Transit.Signed.Failed(why));
    });
  }

  synchronized Load load() {
    return new Load(permits, permits - underWay, queue.size(), 0);
  }

  /** Turns away who waits, and everyone from now on. */
  synchronized void close() {
    closed = true;
    answer(List.copyOf(queue), closed());
    queue.clear();
  }

  private CustodyException closed() {
    return failure(Fault.LOST, "the custodian is closed");
  }

  private CustodyException failure(Fault fault, String why) {
    return new CustodyException(fault, where + ": " + why);
  }
}
