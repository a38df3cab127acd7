package io.signet.hsm.pkcs11;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * How many calls may be on the token at once; the others wait their turn, and not for long (KC-4).
 */
final class Permits {

  interface Work<T> {
    T run() throws CustodyException;
  }

  private final Pkcs11Settings settings;
  private final Semaphore free;

  Permits(Pkcs11Settings settings) {
    this.settings = settings;
    this.free = new Semaphore(settings.permits(), true);
  }

  <T> T with(Work<T> work) throws CustodyException {
    take();
    try {
      return work.run();
    } finally {
      free.release();
    }
  }

  private void take() throws CustodyException {
    try {
      if (!free.tryAcquire(settings.patience().toNanos(), TimeUnit.NANOSECONDS)) {
        throw busy("%d calls are on it and none ended within %s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw busy("%d calls are on it and the wait of %s was interrupted");
    }
  }

  private CustodyException busy(String why) {
    return new CustodyException(
        Fault.BUSY,
        settings.where() + ": " + why.formatted(settings.permits(), settings.patience()));
  }
}
