package io.signet.hsm.pkcs11;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodianStatus.Load;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.Permits;
import io.signet.hsm.Permits.Turn;
import io.signet.hsm.Permits.Work;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Calls of a vendor's library, which knows no deadline: each runs on a platform thread of its own,
 * and who waits for one that hangs is answered in time (KC-3, P11-16). Such a call keeps its permit
 * until it returns, for a thread inside the library cannot be ended. Safe for use by many threads.
 */
final class Calls {

  private final String where;
  private final int permits;
  private final Permits turns;
  private final AtomicInteger hanging = new AtomicInteger();
  // Those that are idle end by themselves.
  private final ExecutorService threads =
      Executors.newCachedThreadPool(Thread.ofPlatform().name("pkcs11-", 0).daemon().factory());

  /**
   * @param listener is told how long each call has waited for its turn
   */
  Calls(String where, int permits, int queue, Duration patience, CustodianListener listener) {
    this.where = where;
    this.permits = permits;
    this.turns = new Permits(where, permits, queue, patience, listener);
  }

  /**
   * Does the work when its turn has come.
   *
   * @param deadline for the work itself, from when its turn has come
   * @param onGivenUp told when it does not end in time
   * @throws CustodyException {@link Fault#BUSY} when its turn does not come, or it does not end in
   *     time; {@link Fault#FATAL} when every permit is with a call that was given up
   */
  <T> T call(Duration deadline, Consumer<CustodyException> onGivenUp, Work<T> work)
      throws CustodyException {
    if (hanging.get() >= permits) {
      throw new CustodyException(
          Fault.FATAL,
          "%s: all of %d calls hang in the library (restart the process if they do not return)"
              .formatted(where, permits));
    }
    Call<T> call = new Call<>(turns.turn(), work, onGivenUp);
    return call.answer(submitted(call), deadline);
  }

  private <T> Future<T> submitted(Call<T> call) {
    try {
      return threads.submit(call::run);
    } catch (RuntimeException | Error e) { // no thread can be made
      call.turn.close();
      throw e;
    }
  }

  Load load() {
    Load load = turns.load();
    return new Load(load.permits(), load.free(), load.waiting(), hanging.get());
  }

  /** How many calls were given up and have not returned. */
  int hanging() {
    return hanging.get();
  }

  private enum State {
    RUNS,
    ENDED,
    GIVEN_UP
  }

  private final class Call<T> {
    private final Turn turn;
    private final Work<T> work;
    private final Consumer<CustodyException> onGivenUp;
    private final AtomicReference<State> state = new AtomicReference<>(State.RUNS);

    Call(Turn turn, Work<T> work, Consumer<CustodyException> onGivenUp) {
      this.turn = turn;
      this.work = work;
      this.onGivenUp = onGivenUp;
    }

    T run() throws CustodyException {
      try (turn) {
        return work.run();
      } finally {
        if (state.getAndSet(State.ENDED) == State.GIVEN_UP) {
          hanging.decrementAndGet();
        }
      }
    }

    T answer(Future<T> answer, Duration deadline) throws CustodyException {
      try {
        return answer.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        throw givenUp("no answer within " + deadline);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw givenUp("interrupted");
      } catch (ExecutionException e) {
        throw thrown(e);
      }
    }

    private CustodyException givenUp(String why) {
      boolean hangs = state.compareAndSet(State.RUNS, State.GIVEN_UP);
      int all = hangs ? hanging.incrementAndGet() : hanging.get();
      CustodyException failure =
          new CustodyException(
              Fault.BUSY,
              "%s: %s; the call is given up (%d of %d hang)".formatted(where, why, all, permits));
      if (hangs) {
        onGivenUp.accept(failure);
      }
      return failure;
    }

    private CustodyException thrown(ExecutionException e) {
      return switch (e.getCause()) {
        case CustodyException failure -> failure;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(where + ": a call failed", e);
      };
    }
  }
}
